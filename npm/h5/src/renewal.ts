// Keeps the token of an open visit fresh: refreshes it ahead of time, one refresh for all who ask, waits where that failed,
// and knows when the visit is over.
import { retryableCodes, type ErrorCode } from './codes.js'
import { enter } from './enter.js'
import { LingpaiError, toLingpaiError } from './errors.js'
import { isSameParty, partyOf, type Holding } from './holding.js'
import type { Page } from './page.js'
import { askForLaunch, canAskForLaunch } from './redeem.js'
import { refresh } from './refresh.js'
import { inTurn, unlessAborted } from './waiting.js'

/** What a visit holds, kept fresh. */
export interface Renewal {
  holding(): Holding
  /** Seconds that the token is good for; 0 where the visit has ended. */
  secondsLeft(): number
  /** Starts a refresh if it is time for one. */
  check(): void
  /** The same when the page wakes up or the network is back: not only if the last failure is long enough ago. */
  wake(): void
  /** Forces a refresh. Rejects at once while the server wants to be left alone, and when the visit is closed. */
  renew(): Promise<void>
  stop(): void
}

const shortestTimerMs = 5_000
const longestTimerMs = 2 ** 31 - 1

/** Keeps `first` fresh until `closed` is aborted, with a LingpaiError for its reason. */
export function keepFresh(page: Page, first: Holding, closed: AbortSignal): Renewal {
  const { clock, emit, engine, slot } = page
  let holding = first
  let ended: ErrorCode | undefined
  let renewing: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  // The failure of the last refresh, and until when the next one has to wait.
  let failed: { failure: unknown; asked: boolean; waitMs: number; untilMs: number } | undefined

  const secondsLeft = () => (ended ? 0 : holding.expiresAtSeconds - clock.nowMs() / 1000)
  const isRefreshable = () => !ended && holding.refreshToken !== undefined
  const dueInMs = () => {
    const { issuedAtSeconds, expiresAtSeconds } = holding
    return engine.refreshAtSeconds(issuedAtSeconds, expiresAtSeconds) * 1000 - clock.nowMs()
  }
  const failedForMs = () => (failed ? failed.untilMs - performance.now() : 0)
  const isAskedToWait = () => failed?.asked === true && failedForMs() > 0

  const renew = async () => {
    if (isAskedToWait()) throw failed!.failure
    renewing ??= inTurn(slot, renewNow).finally(() => {
      renewing = undefined
      schedule()
    })
    renewing.catch(() => {})
    // Somebody else's turn may last; closing does not wait for it.
    await unlessAborted(renewing, closed)
  }

  const renewNow = async () => {
    closed.throwIfAborted()
    try {
      holding = await renewed()
      failed = undefined
    } catch (error) {
      closed.throwIfAborted()
      const failure = error instanceof TypeError ? error : toLingpaiError(error)
      const { code, retryAfterMs = undefined } = failure instanceof LingpaiError ? failure : {}
      const leftMs = Math.max(secondsLeft(), 0) * 1000
      const waitMs = engine.refreshAgainAfterMs(
        failed?.waitMs ?? 0,
        Math.random(),
        leftMs,
        retryAfterMs,
      )
      const asked = retryAfterMs !== undefined
      failed = { failure, asked, waitMs, untilMs: performance.now() + waitMs }
      const expiresAtMs = holding.expiresAtSeconds * 1000
      emit({ type: 'refresh_failed', code: code ?? 'internal', expiresAtMs })
      if (code && retryableCodes.has(code) && leftMs > 0) {
        emit({ type: 'served_from_cache', code, expiresAtMs })
      }
      throw failure
    }
  }

  const renewed = async (): Promise<Holding> => {
    let failure = new LingpaiError(ended ?? 'visit_ended')
    if (isRefreshable()) {
      const outcome = await refresh(page, holding, closed)
      closed.throwIfAborted()
      if ('failure' in outcome) {
        failure = outcome.failure
        if (outcome.ended) end(failure.code)
      } else if (!ended) return outcome.holding
    }
    if (secondsLeft() > 0 || failure.retryable || !canAskForLaunch(page)) throw failure
    const launch = await askForLaunch(page, closed)
    const next = await enter(page, launch, partyOf(holding), closed)
    closed.throwIfAborted()
    if (!next) throw new LingpaiError('token_expired')
    // A visit never changes hands: another user's launch opens another visit.
    if (!isSameParty(partyOf(holding), partyOf(next))) {
      end('launch_conflict')
      throw new LingpaiError('launch_conflict')
    }
    ended = undefined
    return next
  }

  const end = (code: ErrorCode) => {
    if (ended === code) return
    ended = code
    page.records.wipe(holding)
    emit({ type: 'ended', code })
  }

  const checkUnless = (isToWait: () => boolean) => {
    const byMs = clock.look()
    if (byMs !== 0) emit({ type: 'clock_jumped', byMs })
    if (closed.aborted || !isRefreshable()) return
    if (dueInMs() > 0 || isToWait()) schedule()
    else void renew().catch(() => {})
  }
  const check = () => checkUnless(() => failedForMs() > 0)
  const wake = () => {
    hear()
    checkUnless(isAskedToWait)
  }

  // Another tab may have closed the visit that both have, or opened one for somebody else. A page that comes back has missed it.
  const hear = () => {
    const { shared } = page
    if (!shared || closed.aborted || ended) return
    void shared
      .endedElsewhere(holding)
      .then((code) => {
        if (code && !closed.aborted && !ended) end(code)
      })
      .catch(() => {})
  }

  const schedule = () => {
    clearTimeout(timer)
    if (closed.aborted || !isRefreshable()) return
    const waitMs = Math.max(dueInMs(), failedForMs(), shortestTimerMs)
    timer = setTimeout(check, Math.min(waitMs, longestTimerMs))
    // Node (tests, SSR) would not end otherwise.
    ;(timer as { unref?: () => void }).unref?.()
  }

  // Asks for the lock now, so that of two tabs the first one has it. Whether it is granted counts only at a refresh.
  page.lock.holds(holding.launch, closed).catch(() => {})
  page.changes.addEventListener('change', hear)
  // What was said before nobody heard.
  hear()
  return {
    holding: () => holding,
    secondsLeft,
    check,
    wake,
    renew,
    stop() {
      clearTimeout(timer)
      page.changes.removeEventListener('change', hear)
    },
  }
}
