// An operation with its alias: submitted once, given up when the page goes away, begun again when it comes back.
import { LingpaiError, toLingpaiError } from '../errors.js'
import { pause } from '../waiting.js'
import { ask, closeAlias, type Context } from './request.js'
import type {
  OperationDetails,
  OperationEvent,
  OperationHandle,
  OperationLimits,
  OperationResult,
} from './types.js'

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
  renew?: (signal: AbortSignal) => Promise<Alias>
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
const decided: ReadonlySet<string> = new Set(['alias_invalid', 'access_denied'])

/** Makes what asks for an alias, and then gives the handle. */
export function createHandle(
  context: Context,
  { type, details, limits, renew, onEvent }: Parts,
): (first: () => Promise<Alias>) => Promise<OperationHandle> {
  const { clock, closed } = context
  let held: Alias | undefined
  let state: OperationHandle['state'] = 'open'
  /** Whether the page has gone away, and whether another alias is on its way to one that came back. */
  let hidden = false
  let returning = false
  /** The request, once it is fixed: whatever is sent for this operation is this text. */
  let body: string | undefined
  let begun = details && textOf(details)
  /** Whether a request was sent of which nobody knows what became of it. */
  let doubtful = false
  const key = randomKey()

  const emit = (event: OperationEvent) => {
    try {
      onEvent?.(event)
    } catch (error) {
      globalThis.reportError?.(error)
    }
  }
  const expiresAt = () => (held?.exp ?? 0) * 1000 - clock.offsetMs()

  function take(alias: Alias, renewed = false): void {
    if (closed.aborted) {
      closeAlias(context, alias.handle, alias.close)
      closed.throwIfAborted()
    }
    held = alias
    emit({ type: 'alias', renewed, expiresAt: expiresAt() })
    // The page went away while it was on its way.
    if (hidden) giveUp('pagehide', renew ? 'away' : 'cancelled')
  }

  /** What was executed has no alias any more, and what is being executed is not stopped by this. */
  function giveUp(by: 'page' | 'pagehide' | 'visit', next: 'cancelled' | 'away'): void {
    // What is on its way is closed when it is there.
    if (held === undefined) return
    if (state === 'away') state = next
    else if (state !== 'done' && state !== 'cancelled') {
      closeAlias(context, held.handle, held.close)
      if (state === 'open') {
        state = next
        emit({ type: 'cancelled', by })
      }
    }
    if (next === 'cancelled') stop()
  }

  const onHide = (event: Event) => {
    hidden = true
    const comesBack = (event as PageTransitionEvent).persisted && renew !== undefined
    giveUp('pagehide', comesBack ? 'away' : 'cancelled')
  }
  const onShow = (event: Event) => {
    hidden = false
    const cameBack = state === 'away' && (event as PageTransitionEvent).persisted
    if (cameBack && renew !== undefined && !returning) void comeBack(renew)
  }
  const onClosed = () => giveUp('visit', 'cancelled')

  async function comeBack(again: (signal: AbortSignal) => Promise<Alias>): Promise<void> {
    returning = true
    try {
      const alias = await again(closed)
      // Given up meanwhile.
      if (state !== 'away') return closeAlias(context, alias.handle, alias.close)
      state = 'open'
      take(alias, true)
    } catch (error) {
      if (state === 'cancelled') return
      state = 'cancelled'
      stop()
      emit({ type: 'failed', code: toLingpaiError(error).code })
    } finally {
      returning = false
    }
  }

  function stop(): void {
    for (const [name, listener] of listeners) globalThis.removeEventListener?.(name, listener)
    closed.removeEventListener('abort', onClosed)
  }

  const listeners = [
    ['pagehide', onHide],
    ['pageshow', onShow],
  ] as const
  for (const [name, listener] of listeners) globalThis.addEventListener?.(name, listener)
  closed.addEventListener('abort', onClosed, { once: true })

  async function submit(
    given?: OperationDetails,
    { signal = closed }: { signal?: AbortSignal } = {},
  ): Promise<OperationResult> {
    closed.throwIfAborted()
    if (given !== undefined) {
      if (begun !== undefined && begun !== textOf(given)) {
        throw new TypeError('details: this operation has other details already')
      }
      begun = textOf(given)
    }
    if (begun === undefined) throw new TypeError('details: give them to beginOperation or submit')
    if (!held || state === 'cancelled' || state === 'away' || state === 'done') {
      throw new LingpaiError('closed')
    }
    if (state === 'submitting') throw new TypeError('submit: is under way')
    body ??=
      `{"alias":${JSON.stringify(held.alias)},"operation":${JSON.stringify(type)},` +
      `"details":${begun},"idempotency_key":"${key}"}`
    state = 'submitting'
    try {
      const result = await outcome(body, signal)
      state = result.state
      doubtful = state === 'in_doubt'
      if (result.state === 'done') {
        stop()
        emit({ type: 'done', refused: 'refused' in result })
      }
      return result
    } catch (error) {
      // It may have been executed: only the same request again tells.
      state = 'in_doubt'
      if (error instanceof LingpaiError) {
        if (error.status === undefined || error.retryable) doubtful = true
        // What refuses after it has looked for the operation knows that nothing began; a refusal of the caller does not.
        if (!doubtful || decided.has(error.code)) {
          doubtful = false
          state = error.code === 'alias_invalid' ? 'cancelled' : 'open'
          if (state === 'cancelled') stop()
          else forgetDetails()
        }
        emit({ type: 'failed', code: error.code })
      } else {
        doubtful = true
      }
      throw error
    }
  }

  function forgetDetails(): void {
    body = undefined
    begun = details && textOf(details)
  }

  async function outcome(body: string, signal: AbortSignal): Promise<OperationResult> {
    const onAttempt = (attempt: number) => {
      // The one before had no answer that tells.
      if (attempt > 1) doubtful = true
      emit({ type: 'submitted', attempt })
    }
    for (let pending = 0, inDoubt = 0; ;) {
      const answer = await ask<Answer>(context, '/v1/operations', body, signal, onAttempt)
      if (answer.state === 'done') {
        const { refused, result } = answer
        return refused === undefined ? { state: 'done', result } : { state: 'done', refused }
      }
      doubtful = true
      emit({ type: 'waiting', state: answer.state })
      if (answer.state === 'in_doubt' && ++inDoubt >= mostInDoubt) return { state: 'in_doubt' }
      if (++pending >= mostPending) return { state: 'in_doubt' }
      await pause(askAgainMs, signal)
    }
  }

  const cancel = () => giveUp('page', 'cancelled')
  const shown = {
    type,
    limits,
    get alias() {
      return held?.alias ?? ''
    },
    get expiresAt() {
      return expiresAt()
    },
    get pairingCode() {
      return held?.pairingCode
    },
    get state() {
      return state
    },
    submit,
    cancel,
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: async () => cancel(),
  }
  return async (first) => {
    try {
      take(await first())
    } catch (error) {
      stop()
      throw error
    }
    return Object.freeze(shown) as unknown as OperationHandle
  }
}

/** Details as the text that is sent, whatever the page does to the object afterwards. */
function textOf(details: OperationDetails): string {
  const proper = typeof details === 'object' && details !== null && !Array.isArray(details)
  if (!proper) throw new TypeError('details: an object')
  return JSON.stringify(details)
}

function randomKey(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
