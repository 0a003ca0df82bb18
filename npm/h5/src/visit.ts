// A visit that is open: hands out its token, refreshes it ahead of time, and ends.
/// <reference lib="esnext.disposable" preserve="true" />
import type { ErrorCode } from './codes.js'
import { enter } from './enter.js'
import { LingpaiError, toLingpaiError } from './errors.js'
import { isRefreshable, partyOf, type Holding, type VisitClaims } from './holding.js'
import type { Page } from './page.js'
import { protectedFetch } from './protected-fetch.js'
import { askForLaunch, canAskForLaunch } from './redeem.js'
import { refresh } from './refresh.js'
import { inTurn, unlessAborted } from './waiting.js'

/** An open visit. */
export interface Visit extends AsyncDisposable {
  /** Claims of the current token. */
  readonly claims: VisitClaims
  /** When the current token expires, Unix milliseconds of the page's own clock. */
  readonly expiresAt: number
  /** Where the current token came from: the authority, or what a reload left behind (checked again). */
  readonly source: 'issued' | 'cached'
  /** What survives: a reload of this `tab`, or nothing beyond this page's `memory`. */
  readonly durability: 'tab' | 'memory'
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
   * is no stream.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>
  /** Ends the visit on this page and wipes what was kept of it. Every later call rejects with `closed`. */
  close(): Promise<void>
}

const longestTimerMs = 2 ** 31 - 1
const retryRefreshMs = 5_000

/** Makes a visit of what is held. */
export function createVisit(page: Page, first: Holding): Visit {
  const { clock, emit, engine, keys, slot } = page
  const closing = new AbortController()
  const thumbprint = keys.thumbprint
  const proofKey = keys.extractable ? 'memory' : 'non-extractable'
  let holding = first
  let ended: ErrorCode | undefined
  let renewing: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const secondsLeft = () => (ended ? 0 : holding.expiresAtSeconds - clock.nowMs() / 1000)
  const dueAtSeconds = () =>
    engine.refreshAtSeconds(holding.issuedAtSeconds, holding.expiresAtSeconds)
  const isDue = () => clock.nowMs() / 1000 >= dueAtSeconds()
  const assertOpen = () => {
    if (closing.signal.aborted) throw new LingpaiError('closed')
  }

  // One at a time, whoever asks.
  const renew = () => {
    renewing ??= inTurn(slot, renewNow).finally(() => {
      renewing = undefined
      schedule()
    })
    renewing.catch(() => {})
    return renewing
  }

  const renewNow = async () => {
    assertOpen()
    try {
      let failure = new LingpaiError(ended ?? 'visit_ended')
      if (!ended && isRefreshable(page, holding)) {
        const outcome = await refresh(page, holding, closing.signal)
        assertOpen()
        if ('holding' in outcome) return void (holding = outcome.holding)
        failure = outcome.failure
        if (outcome.ended) end(failure.code)
      }
      if (secondsLeft() <= 0 && !failure.retryable) {
        if (!canAskForLaunch(page)) throw failure
        const launch = await askForLaunch(page, closing.signal)
        const next = await enter(page, launch, partyOf(holding), closing.signal)
        assertOpen()
        checkSameParty(next)
        ended = undefined
        return void (holding = next)
      }
      throw failure
    } catch (error) {
      assertOpen()
      const failure = error instanceof TypeError ? error : toLingpaiError(error)
      const code = failure instanceof LingpaiError ? failure.code : 'internal'
      emit({ type: 'refresh_failed', code, expiresAtMs: holding.expiresAtSeconds * 1000 })
      throw failure
    }
  }

  const end = (code: ErrorCode) => {
    ended = code
    page.records.wipe()
    emit({ type: 'ended', code })
  }

  // A visit never changes hands: another user's launch opens another visit.
  const checkSameParty = (next: Holding) => {
    const [before, after] = [partyOf(holding), partyOf(next)]
    if (before.clientId === after.clientId && before.subject === after.subject) return
    end('launch_conflict')
    throw new LingpaiError('launch_conflict')
  }

  const check = () => {
    if (closing.signal.aborted || ended) return
    if (isDue() && isRefreshable(page, holding)) void renew()
    else schedule()
  }

  const schedule = () => {
    clearTimeout(timer)
    if (closing.signal.aborted || ended || !isRefreshable(page, holding)) return
    const waitMs = dueAtSeconds() * 1000 - clock.nowMs()
    timer = setTimeout(check, Math.min(Math.max(waitMs, retryRefreshMs), longestTimerMs))
    // Node (tests, SSR) would not end otherwise.
    ;(timer as { unref?: () => void }).unref?.()
  }

  const token: Visit['token'] = async ({ minValiditySeconds = 0, signal } = {}) => {
    assertOpen()
    if (!(minValiditySeconds >= 0)) throw new TypeError('minValiditySeconds: a number of seconds')
    signal?.throwIfAborted()
    if (secondsLeft() <= minValiditySeconds) await unlessAborted(renew(), signal)
    else if (isDue() && isRefreshable(page, holding)) void renew()
    assertOpen()
    return holding.token
  }

  const close = async () => {
    if (closing.signal.aborted) return
    closing.abort(new LingpaiError('closed'))
    clearTimeout(timer)
    for (const [target, name] of wakeUps()) target.removeEventListener(name, check)
    page.records.close()
    // The key handles stay with those of their promises that are still pending.
    keys.free()
    emit({ type: 'closed' })
  }

  // Timers stand still in a page that sleeps, is frozen or lies in the back-forward cache.
  for (const [target, name] of wakeUps()) target.addEventListener(name, check)
  schedule()
  if (isDue()) check()

  const visit = {
    get claims() {
      return holding.claims
    },
    get expiresAt() {
      return holding.expiresAtSeconds * 1000 - clock.offsetMs()
    },
    get source() {
      return holding.source
    },
    get durability() {
      return holding.durability
    },
    proofKey,
    proofKeyThumbprint: thumbprint,
    token,
    fetch: protectedFetch(page, { token, renew, assertOpen, signal: closing.signal }),
    close,
  }
  const disposal = { [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: close }
  return Object.freeze(
    Object.defineProperties(visit, Object.getOwnPropertyDescriptors(disposal)),
  ) as Visit
}

function wakeUps(): [EventTarget, string][] {
  if (typeof document === 'undefined') return []
  return [
    [document, 'visibilitychange'],
    [window, 'pageshow'],
    [window, 'online'],
  ]
}
