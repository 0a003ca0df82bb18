// The tea club's page: opens a visit, uses it, and tells each step to whoever shows the trace.

import { LingpaiError, openVisit, type Visit, type VisitEvent } from '@lingpai/h5'
import { element, find } from '../shared/dom'
import { language, onLanguage, say, setLanguage, translatePage } from '../shared/language'
import { short } from '../shared/jose-peek'
import type { Step } from '../shared/step'
import { createTrace } from '../shared/trace'
import { appBridge } from './app-bridge'
import { observedFetch } from './observe'
import { stepOf } from './visit-steps'
import { words } from './words'

type State = 'opening' | 'open' | 'resumed' | 'ended' | 'closed' | 'failed'

const config = await configuration()
const bridge = appBridge(config.app)
const run: Step['run'] = bridge.framed ? 'framed' : 'linked'

translatePage(words)
document.body.classList.add(bridge.framed ? 'framed' : 'alone')
const trace = bridge.framed ? undefined : createTrace()
find('#story').hidden = bridge.framed
bridge.on((message) => {
  if (message.demo === 'language') setLanguage(message.language)
  if (message.demo === 'steps') for (const step of message.steps) trace?.add(step)
  if (message.demo === 'thief-result') thiefWas(message.code)
})
bridge.say({ demo: 'ready' })

let visit: Visit | undefined
let state: State = 'opening'
let held: Omit<Step, 'run'> | undefined
onLanguage(() => show(state))

try {
  visit = await openVisit({
    gateway: config.gateway,
    issuer: config.issuer,
    launch: bridge.framed ? { kind: 'message', appOrigins: [config.app] } : 'fragment',
    fetch: observedFetch(config.gateway, tell),
    onEvent: (event) => observe(event),
  })
  show(visit.source === 'cached' ? 'resumed' : 'open')
} catch (error) {
  fail(error)
}

onClick('#me', async () => {
  const response = await visit!.fetch(`${config.gateway}/api/me`)
  const body = (await response.json()) as Record<string, string>
  if (!response.ok)
    return refused(body['error_description'] ?? body['error'] ?? String(response.status))
  result('good', 'said.me', { member: short(body['sub']), partner: String(body['partner']) })
})
onClick('#refresh', async () => {
  // Valid for longer than any token lives: only a new one will do.
  await visit!.token({ minValiditySeconds: 3600 })
  result('good', 'said.refreshed')
  show('open')
})
onClick('#reload', async () => location.reload())
onClick('#thief', async () => {
  result('note', 'said.thief')
  bridge.say({ demo: 'thief-wanted' })
})
onClick('#close', async () => {
  await visit!.close()
  visit = undefined
  show('closed')
  result('note', 'said.closed')
})

/** Steps go to the app and, where this page stands alone, beside it. */
function tell(step: Omit<Step, 'run'>): void {
  // What a sealed refusal says is known once it has been opened.
  if (step.state === 'refused' && step.values?.['sealed']) {
    held = step
    return
  }
  const whole: Step = { ...step, run }
  trace?.add(whole)
  bridge.say({ demo: 'step', step: whole })
}

function observe(event: VisitEvent): void {
  if (event.type === 'refused' && held) {
    const values = { code: event.code }
    tell({ ...held, values, facts: [...held.facts, ['code', event.code]] })
    held = undefined
  }
  const step = stepOf(event)
  if (step) tell(step)
  if (event.type === 'ended') {
    visit = undefined
    show('ended')
  }
}

/** A refusal that could not be opened is told as it came. */
function release(): void {
  if (!held) return
  const { sealed: _, ...values } = held.values ?? {}
  tell({ ...held, values })
  held = undefined
}

function onClick(selector: string, act: () => Promise<void>): void {
  const button = find<HTMLButtonElement>(selector)
  button.addEventListener('click', async () => {
    button.disabled = true
    try {
      await act()
    } catch (error) {
      refused(codeOf(error))
    } finally {
      show(state)
    }
  })
}

function refused(code: string): void {
  result('bad', 'said.refused', { code })
  if (['token_revoked', 'replayed', 'visit_ended', 'invalid_grant'].includes(code)) show('ended')
}

function thiefWas(code: string): void {
  result('note', 'said.thief.stopped', { code })
}

function fail(error: unknown): void {
  const code = codeOf(error)
  release()
  tell({
    kind: 'visit_failed',
    at: Date.now(),
    from: 'page',
    to: 'page',
    state: 'refused',
    values: { code },
    facts: [['code', code]],
  })
  show('failed')
  result('bad', code === 'launch_missing' ? 'trouble.launch' : 'said.refused', { code })
}

function codeOf(error: unknown): string {
  return error instanceof LingpaiError
    ? error.code
    : error instanceof Error
      ? error.message
      : 'internal'
}

// What the page shows

let said: { tone: 'good' | 'bad' | 'note'; key: string; values: Record<string, string> } | undefined

function result(
  tone: 'good' | 'bad' | 'note',
  key: string,
  values: Record<string, string> = {},
): void {
  said = { tone, key, values }
  showResult()
}

function showResult(): void {
  const node = find('#result')
  node.className = `result ${said?.tone ?? ''}`
  node.replaceChildren()
  if (!said) return
  node.append(
    element('span', { class: 'verdict' }, say(words, `verdict.${said.tone}`)),
    say(words, said.key, said.values),
  )
}

function show(next: State): void {
  state = next
  document.body.dataset['state'] = next
  find('#status').textContent = say(words, `state.${next}`)
  find('#member').textContent = visit ? short(visit.claims.sub) : '…'
  for (const button of document.querySelectorAll<HTMLButtonElement>('#actions button')) {
    button.disabled = visit === undefined
  }
  // The thief can only have what the app still holds.
  if (!window.opener && !bridge.framed) find<HTMLButtonElement>('#thief').disabled = true
  showResult()
  showKept()
  showLife()
}

function showKept(): void {
  const rows = visit && {
    'kept.key': say(words, `kept.key.${visit.proofKey}`),
    'kept.durability': say(words, `kept.durability.${visit.durability}`),
    'kept.scope': visit.claims.scope,
  }
  find('#kept').replaceChildren(
    ...Object.entries(rows ?? {}).map(([key, value]) =>
      element('div', {}, element('dt', {}, say(words, key)), element('dd', {}, value)),
    ),
  )
}

function showLife(): void {
  find('#life').hidden = !visit
  if (!visit) return
  const { iat, exp } = visit.claims
  const left = Math.max(0, Math.round((visit.expiresAt - Date.now()) / 1000))
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  find('#left').textContent = say(words, 'life.left', { time })
  find<HTMLProgressElement>('#meter').value = left / (exp - iat)
}
setInterval(showLife, 1000)

interface Configuration {
  issuer: string
  gateway: string
  app: string
}

async function configuration(): Promise<Configuration> {
  const response = await fetch('/demo/config')
  if (!response.ok) {
    find('#status').textContent = say(words, 'trouble.config')
    throw new Error('The Worker has no demo partner')
  }
  return (await response.json()) as Configuration
}
