// The tea club's page: opens a visit, uses it, and tells each step to whoever shows the trace.

import { LingpaiError, openVisit, type Visit, type VisitEvent } from '@lingpai/h5'
import { find } from '../common/dom'
import { short } from '../common/jose-peek'
import { setLanguage, translatePage } from '../common/language'
import type { Step } from '../common/step'
import { createTrace } from '../common/trace'
import { appBridge } from './app-bridge'
import { observedFetch } from './observe'
import { createView } from './view'
import { stepOf } from './visit-steps'
import { words } from './words'

interface Configuration {
  issuer: string
  gateway: string
  app: string
}

type Told = Omit<Step, 'run'>

translatePage(words)
// From this page's own origin: whom to trust never comes from an address or a message.
const config = (await (await fetch('/demo/config')).json()) as Configuration
const bridge = appBridge(config.app)
const { framed } = bridge

document.body.classList.add(framed ? 'framed' : 'alone')
find('#story').hidden = framed
const trace = framed ? undefined : createTrace()
// A thief can only have what the app still holds.
const view = createView({ canBeRobbed: framed || window.opener !== null })
let visit: Visit | undefined
let held: Told | undefined

bridge.on((message) => {
  if (message.demo === 'language') setLanguage(message.language)
  if (message.demo === 'steps') for (const step of message.steps) trace?.add(step)
  if (message.demo === 'thief-result') thiefWas(message.code)
  if (message.demo === 'leave') void leave()
})
bridge.say({ demo: 'ready' })

try {
  visit = await openVisit({
    gateway: config.gateway,
    issuer: config.issuer,
    launch: framed ? { kind: 'message', appOrigins: [config.app] } : 'fragment',
    fetch: observedFetch(config.gateway, tell),
    onEvent: observe,
  })
  view.show(visit.source === 'cached' ? 'resumed' : 'open', visit)
} catch (error) {
  fail(codeOf(error))
}

onClick('#me', async (open) => {
  const response = await open.fetch(`${config.gateway}/api/me`)
  const body = (await response.json()) as Record<string, string>
  if (!response.ok) throw new Error(body['error_description'] ?? body['error'])
  view.say('good', 'said.me', { member: short(body['sub']), partner: String(body['partner']) })
})
onClick('#refresh', async (open) => {
  // Valid for longer than any token lives: only a new one will do.
  await open.token({ minValiditySeconds: 3600 })
  view.show('open', open)
  view.say('good', 'said.refreshed')
})
onClick('#reload', async () => location.reload())
onClick('#thief', async () => {
  view.say('note', 'said.thief')
  bridge.say({ demo: 'thief-wanted' })
})
onClick('#close', async (open) => {
  await open.close()
  visit = undefined
  view.show('closed')
  view.say('note', 'said.closed')
})

function onClick(selector: string, act: (open: Visit) => Promise<void>): void {
  const button = find<HTMLButtonElement>(selector)
  button.addEventListener('click', async () => {
    if (!visit) return
    button.disabled = true
    try {
      await act(visit)
    } catch (error) {
      view.say('bad', 'said.refused', { code: codeOf(error) })
    } finally {
      button.disabled = !visit
    }
  })
}

/** Steps go to the app and, where this page stands alone, beside it. */
function tell(step: Told): void {
  // What a sealed refusal says is known once it has been opened.
  if (step.state === 'refused' && step.values?.['sealed']) {
    held = step
    return
  }
  const whole: Step = { ...step, run: framed ? 'framed' : 'linked' }
  trace?.add(whole)
  bridge.say({ demo: 'step', step: whole })
}

function observe(event: VisitEvent): void {
  if (event.type === 'refused') release(event.code)
  const step = stepOf(event)
  if (step) tell(step)
  if (event.type === 'ended') {
    visit = undefined
    view.show('ended')
  }
}

/** Tells the refusal that was held back; without a code it could not be opened. */
function release(code?: string): void {
  if (!held) return
  const { sealed: _, ...values } = held.values ?? {}
  const opened = code
    ? { values: { code }, facts: [...held.facts, ['code', code] as const] }
    : { values }
  const step = { ...held, ...opened }
  held = undefined
  tell(step)
}

function fail(code: string): void {
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
  view.show('failed')
  if (code === 'launch_missing')
    view.say('bad', 'trouble.launch', {}, framed ? undefined : config.app)
  else view.say('bad', 'said.refused', { code })
}

function thiefWas(code?: string): void {
  if (code === undefined) view.say('note', 'said.thief.none')
  else view.say('note', code === 'granted' ? 'said.thief.granted' : 'said.thief.stopped', { code })
}

async function leave(): Promise<void> {
  await visit?.close()
  bridge.say({ demo: 'left' })
}

function codeOf(error: unknown): string {
  if (error instanceof LingpaiError) return error.code
  return error instanceof Error ? error.message : 'internal'
}
