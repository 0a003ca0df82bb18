// A visit that is open: hands out its token, and ends.
/// <reference lib="esnext.disposable" preserve="true" />
import { isDropped, loadEngine } from './engine.js'
import { isTrap, LingpaiError, toLingpaiError } from './errors.js'
import type { Holding, VisitClaims } from './holding.js'
import type {
  BeginOperationOptions,
  ClaimOperationOptions,
  OperationDetails,
  OperationHandle,
} from './operation/types.js'
import { revivePage, type Page } from './page.js'
import type { VisitDurability } from './record.js'
import { protectedFetch } from './protected-fetch.js'
import { keepFresh } from './renewal.js'
import { lend } from './visit-keys.js'
import { unlessAborted } from './waiting.js'

/** An open visit. */
export interface Visit extends AsyncDisposable {
  /** Claims of the current token. */
  readonly claims: VisitClaims
  /** When the current token expires, Unix milliseconds of the page's own clock. */
  readonly expiresAt: number
  /** Where the current token came from: the authority, or what a reload left behind (checked again). */
  readonly source: 'issued' | 'cached'
  /** What the visit survives; see {@link VisitDurability}. */
  readonly durability: VisitDurability
  /** Who holds the proof key: the browser, which never shows it, or this page's memory (plain http). */
  readonly proofKey: 'non-extractable' | 'memory'
  /** SHA-256 thumbprint of the proof key (RFC 7638). */
  readonly proofKeyThumbprint: string
  /**
   * The visit token. Refreshed first if it has expired, or is valid for less than `minValiditySeconds`. Whoever sends it has
   * to send a proof with it; {@link Visit.fetch} does both.
   */
  token(options?: { minValiditySeconds?: number; signal?: AbortSignal }): Promise<string>
  /**
   * `fetch` with the visit token and a fresh proof. Goes to https only (http on loopback). Redirects are not followed, so
   * that the token reaches nobody else: they reject like a network error, or come back as they are with
   * `redirect: 'manual'`. A server that wants its nonce, or a new token, is asked once more, the latter only if the body
   * is no stream. A body that is a string is covered by the proof.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>
  /**
   * Begins a sensitive operation: gets an alias for `options.account`, which is deleted when the operation was executed, when
   * it is given up, when the page goes away, or when time runs out. `details` are what the page shows and what is executed.
   */
  beginOperation(
    type: string,
    details: OperationDetails | undefined,
    options: BeginOperationOptions,
  ): Promise<OperationHandle>
  /** Takes over an operation that another terminal of the same user has begun, by its `pairingCode`. */
  claimOperation(pairingCode: string, options?: ClaimOperationOptions): Promise<OperationHandle>
  /**
   * Ends the visit and wipes what was kept of it; where tabs share it, it ends in the others as well. Every later call rejects
   * with `closed`.
   */
  close(): Promise<void>
}

/** Makes a visit of what is held. */
export function createVisit(page: Page, first: Holding): Visit {
  const { emit, proofKey } = page
  const closing = new AbortController()
  const { signal: closed } = closing
  let parts = assemble(page, first, closed)
  let reviving: Promise<void> | undefined

  // Everything that was made with an instance that failed is made anew with another one, before the next call.
  const revive = async () => {
    const holding = parts.renewal.holding()
    const isSame = await revivePage(page, await loadEngine())
    closed.throwIfAborted()
    if (!isSame) {
      emit({ type: 'ended', code: 'visit_ended' })
      await close()
      const message =
        'WebAssembly failed, and the key of this visit was kept nowhere else: open it anew'
      throw new LingpaiError('visit_ended', { message })
    }
    parts.renewal.stop()
    parts = assemble(page, holding, closed)
    emit({ type: 'revived' })
  }
  const current = async (): Promise<Parts> => {
    closed.throwIfAborted()
    if (isDropped(page.engine)) await (reviving ??= revive().finally(() => (reviving = undefined)))
    return parts
  }
  const call = async <T>(work: (parts: Parts) => Promise<T>): Promise<T> => {
    try {
      return await work(await current())
    } catch (error) {
      throw isTrap(error) ? toLingpaiError(error) : error
    }
  }
  const wake = () => void call(async ({ renewal }) => renewal.wake()).catch(() => {})

  const close = async () => {
    if (closed.aborted) return
    closing.abort(new LingpaiError('closed'))
    parts.renewal.stop()
    for (const [target, name] of wakeUps()) target.removeEventListener(name, wake)
    const wiped = page.records.close(parts.renewal.holding())
    page.lock.release()
    // The key handles stay with those of their promises that are still pending.
    if (!isDropped(page.engine)) page.keys.free()
    emit({ type: 'closed' })
    await wiped
  }

  // Timers stand still in a page that sleeps, is frozen or lies in the back-forward cache.
  for (const [target, name] of wakeUps()) target.addEventListener(name, wake)
  parts.renewal.check()

  const operation = () => import('./operation/index.js')
  const visit = {
    get claims() {
      return parts.renewal.holding().claims
    },
    get expiresAt() {
      const { expiresAtSeconds, clockOffsetMs } = parts.renewal.holding()
      const offsetMs = isDropped(page.engine) ? clockOffsetMs : page.clock.offsetMs()
      return expiresAtSeconds * 1000 - offsetMs
    },
    get source() {
      return parts.renewal.holding().source
    },
    get durability() {
      return parts.renewal.holding().durability
    },
    proofKey: proofKey.heldBy,
    proofKeyThumbprint: proofKey.thumbprint,
    token: (options?: Parameters<Visit['token']>[0]) => call(({ token }) => token(options)),
    fetch: (...all: Parameters<Visit['fetch']>) => call(({ fetch }) => fetch(...all)),
    beginOperation: (...all: Parameters<Visit['beginOperation']>) =>
      call(async ({ context }) => (await operation()).beginOperation(context, ...all)),
    claimOperation: (...all: Parameters<Visit['claimOperation']>) =>
      call(async ({ context }) => (await operation()).claimOperation(context, ...all)),
    close,
  }
  const disposal = { [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: close }
  const open = Object.freeze(
    Object.defineProperties(visit, Object.getOwnPropertyDescriptors(disposal)),
  ) as Visit
  lend(open, page)
  return open
}

/** What a visit does its work with, in one instance of the module. */
type Parts = ReturnType<typeof assemble>

function assemble(page: Page, first: Holding, closed: AbortSignal) {
  const renewal = keepFresh(page, first, closed)
  const { check, holding, renew } = renewal
  const token: Visit['token'] = async ({ minValiditySeconds = 0, signal } = {}) => {
    closed.throwIfAborted()
    if (!(minValiditySeconds >= 0)) throw new TypeError('minValiditySeconds: a number of seconds')
    signal?.throwIfAborted()
    if (renewal.secondsLeft() <= minValiditySeconds) await unlessAborted(renew(), signal)
    else check()
    closed.throwIfAborted()
    return holding().token
  }
  const { engine, clock, settings } = page
  const fetch = protectedFetch(page, { token, renew, closed })
  const send = settings.fetch ?? globalThis.fetch.bind(globalThis)
  const context = { engine, gateway: settings.gateway, clock, fetch, send, closed }
  return { renewal, token, fetch, context }
}

function wakeUps(): [EventTarget, string][] {
  if (typeof document === 'undefined') return []
  return [
    [document, 'visibilitychange'],
    [window, 'pageshow'],
    [window, 'online'],
  ]
}
