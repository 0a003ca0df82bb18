// An operation with its alias: submitted once, given up when the mini-program is hidden, begun again when it is shown. To be hidden
// is not the end, but seconds later nothing runs any more, and whether it goes on nobody knows: so the alias does not outlive it.
import { operations } from '../engine/operations'
import type { Holder } from '../kit'
import { ask, closeAlias } from './request'
import type {
  OperationDetails,
  OperationEvent,
  OperationHandle,
  OperationLimits,
  OperationResult,
} from './types'

/** An alias as the gateway gave it. */
export interface Alias {
  alias: string
  handle: string
  close: string
  /** Unix seconds of the authority's clock. */
  exp: number
  pairingCode?: string
}

interface Parts {
  type: string
  details?: OperationDetails | undefined
  limits: OperationLimits | undefined
  /** Gets another alias for the same account; a claimed one cannot be had again. */
  renew?: () => Promise<Alias>
  onEvent: ((event: OperationEvent) => void) | undefined
}

interface Answer {
  state: 'pending' | 'in_doubt' | 'done'
  result?: unknown
  refused?: string
}

// How long an answer is waited for, and how often doubt is asked about.
const askAgainMs = 1_000
const mostPending = 30
const mostInDoubt = 3

/** Refusals of the registry itself: there is no such operation, and it has not begun one. */
const decided = /^(alias_invalid|access_denied)$/

/** Makes the handle; `take` gives it an alias. */
export function createHandle(
  holder: Holder,
  { type, details, limits, renew, onEvent }: Parts,
): { shown: OperationHandle; take(alias: Alias): void } {
  const { kit, settings, device } = holder
  const { host } = settings
  const { engine } = device
  let held: Alias | undefined
  let state: OperationHandle['state'] = 'open'
  /** Whether the mini-program is hidden. */
  let hidden = false
  /** The request, once it is fixed: whatever is sent for this operation is this text. */
  let body: string | undefined
  let begun = details && textOf(details)
  /** Whether a request was sent of which nobody knows what became of it. */
  let doubtful = false
  const key = engine.text(operations.encode, engine.call(operations.random, 16))

  const emit = (event: OperationEvent) => {
    try {
      if (onEvent !== undefined) onEvent(event)
    } catch (_) {
      // What a listener throws is none of ours.
    }
  }
  const expiresAt = () => (held ? held.exp * 1000 - device.store.record.clockOffsetMs : 0)
  const checkOpen = () => {
    if (device.store.closed) throw new kit.LingpaiError('closed')
  }

  function take(alias: Alias, renewed = false): void {
    if (device.store.closed) closeAlias(holder, alias.handle, alias.close)
    checkOpen()
    held = alias
    emit({ type: 'alias', renewed, expiresAt: expiresAt() })
    // Hidden while it was on its way.
    if (hidden) giveUp('hide')
  }

  /** What was submitted has no alias any more, or gets to know that it has none; and what is executed is not stopped. */
  function giveUp(by: 'page' | 'hide'): void {
    if (held !== undefined && state === 'open') {
      closeAlias(holder, held.handle, held.close)
      state = by === 'hide' && renew !== undefined ? 'away' : 'cancelled'
      emit({ type: 'cancelled', by })
    } else if (by === 'page' && state === 'away') state = 'cancelled'
  }

  async function comeBack(again: () => Promise<Alias>): Promise<void> {
    try {
      const alias = await again()
      // Given up meanwhile.
      if (state !== 'away') return closeAlias(holder, alias.handle, alias.close)
      state = 'open'
      take(alias, true)
    } catch (error) {
      state = 'cancelled'
      emit({ type: 'failed', code: kit.toLingpaiError(error).code })
    }
  }

  if (host.onHide !== undefined)
    host.onHide(() => {
      hidden = true
      giveUp('hide')
    })
  if (host.onShow !== undefined)
    host.onShow(() => {
      const was = hidden
      hidden = false
      if (was && state === 'away' && renew !== undefined) void comeBack(renew)
    })

  async function submit(given?: OperationDetails): Promise<OperationResult> {
    checkOpen()
    if (given !== undefined) {
      if (begun !== undefined && begun !== textOf(given))
        throw new TypeError('details: this operation has other details already')
      begun = textOf(given)
    }
    if (begun === undefined) throw new TypeError('details: give them to beginOperation or submit')
    if (held === undefined || /^(cancelled|away|done)$/.test(state))
      throw new kit.LingpaiError('closed')
    if (state === 'submitting') throw new TypeError('submit: is under way')
    if (body === undefined)
      body =
        `{"alias":${JSON.stringify(held.alias)},"operation":${JSON.stringify(type)},` +
        `"details":${begun},"idempotency_key":"${key}"}`
    state = 'submitting'
    try {
      const result = await outcome(body)
      state = result.state
      doubtful = state === 'in_doubt'
      if (result.state === 'done') emit({ type: 'done', refused: 'refused' in result })
      return result
    } catch (thrown) {
      const error = kit.toLingpaiError(thrown)
      // It may have been executed: only the same request again tells.
      state = 'in_doubt'
      if (error.status === undefined || error.retryable) doubtful = true
      // What refuses after it has looked for the operation knows that nothing began; a refusal of the caller does not.
      if (!doubtful || decided.test(error.code)) {
        doubtful = false
        state = error.code === 'alias_invalid' ? 'cancelled' : 'open'
        // The details of a next try may be others.
        body = undefined
        begun = details && textOf(details)
        if (hidden) giveUp('hide')
      }
      emit({ type: 'failed', code: error.code })
      throw error
    }
  }

  async function outcome(body: string): Promise<OperationResult> {
    const onAttempt = (attempt: number) => {
      // The one before had no answer that tells.
      if (attempt > 1) doubtful = true
      emit({ type: 'submitted', attempt })
    }
    for (let pending = 0, inDoubt = 0; ;) {
      const answer = await ask<Answer>(holder, '/v1/operations', body, onAttempt)
      if (answer.state === 'done') {
        const { refused, result } = answer
        return refused === undefined ? { state: 'done', result } : { state: 'done', refused }
      }
      doubtful = true
      emit({ type: 'waiting', state: answer.state })
      if (answer.state === 'in_doubt' && ++inDoubt >= mostInDoubt) return { state: 'in_doubt' }
      if (++pending >= mostPending) return { state: 'in_doubt' }
      await host.wait(askAgainMs)
    }
  }

  const shown: OperationHandle = {
    type,
    limits,
    get alias() {
      return held ? held.alias : ''
    },
    get expiresAt() {
      return expiresAt()
    },
    get pairingCode() {
      return held && held.pairingCode
    },
    get state() {
      return state
    },
    submit,
    cancel: () => giveUp('page'),
  }
  return { shown, take }
}

/** Details as the text that is sent, whatever the app does to the object afterwards. */
function textOf(details: OperationDetails): string {
  const proper = typeof details === 'object' && details !== null && !Array.isArray(details)
  if (!proper) throw new TypeError('details: an object')
  return JSON.stringify(details)
}
