// What the tea club's page shows: state, member, lifetime, and what came of the last action. Decides nothing.

import type { Visit } from '@lingpai/h5'
import { element, find } from '../common/dom'
import { short } from '../common/jose-peek'
import { onLanguage, say } from '../common/language'
import { words } from './words'

export type State = 'opening' | 'open' | 'resumed' | 'ended' | 'closed' | 'failed'
export type Tone = 'good' | 'bad' | 'note'

interface Said {
  tone: Tone
  key: string
  values: Record<string, string>
  /** Where to go from here. */
  link?: string
}

export interface View {
  show(state: State, visit?: Visit): void
  say(tone: Tone, key: string, values?: Record<string, string>, link?: string): void
}

/** Keeps itself current in the language and the time. */
export function createView({ canBeRobbed }: { canBeRobbed: boolean }): View {
  let state: State = 'opening'
  let visit: Visit | undefined
  let said: Said | undefined

  const render = () => {
    document.body.dataset['state'] = state
    find('#status').textContent = say(words, `state.${state}`)
    find('#card').hidden = !visit
    find('#member').textContent = visit ? short(visit.claims.sub) : ''
    const over = !visit && state !== 'opening'
    find('#actions').hidden = over
    find('#next').hidden = !over || said?.link !== undefined
    for (const button of document.querySelectorAll<HTMLButtonElement>('#actions button')) {
      button.disabled = !visit || (button.id === 'thief' && !canBeRobbed)
    }
    find('#kept').replaceChildren(...kept(visit))
    find('#result').className = `result ${said?.tone ?? ''}`
    find('#result').replaceChildren(...(said ? told(said) : []))
    showLife()
  }
  const showLife = () => {
    find('#life').hidden = !visit
    if (visit) showTimeLeft(visit)
  }

  onLanguage(render)
  setInterval(showLife, 1000)
  return {
    show: (nextState, nextVisit) => {
      state = nextState
      visit = nextVisit
      render()
    },
    say: (tone, key, values = {}, link) => {
      said = { tone, key, values, ...(link && { link }) }
      render()
      find('#result').scrollIntoView({ block: 'nearest' })
    },
  }
}

function kept(visit?: Visit): HTMLElement[] {
  const rows = visit && {
    'kept.key': say(words, `kept.key.${visit.proofKey}`),
    'kept.durability': say(words, `kept.durability.${visit.durability}`),
    'kept.scope': visit.claims.scope,
  }
  return Object.entries(rows ?? {}).map(([key, value]) =>
    element('div', {}, element('dt', {}, say(words, key)), element('dd', {}, value)),
  )
}

function told({ tone, key, values, link }: Said): (Node | string)[] {
  const verdict = element('span', { class: 'verdict' }, say(words, `verdict.${tone}`))
  const text = say(words, key, values)
  return link
    ? [verdict, text, ' ', element('a', { href: link }, say(words, 'trouble.app'))]
    : [verdict, text]
}

function showTimeLeft(visit: Visit): void {
  const { iat, exp } = visit.claims
  const left = Math.max(0, Math.round((visit.expiresAt - Date.now()) / 1000))
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  find('#left').textContent = say(words, 'life.left', { time })
  find<HTMLProgressElement>('#meter').value = left / (exp - iat)
}
