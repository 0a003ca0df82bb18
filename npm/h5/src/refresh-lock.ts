// Which tab refreshes a visit. A browser that duplicates a tab copies its sessionStorage, and with it the record of the
// visit: two tabs that spend one chain of refresh tokens look like theft, and both would lose the visit. So the first tab
// keeps a Web Lock on the visit for as long as it lives. A copy serves the token that it has until that expires; it
// refreshes only once the lock is its own. Browsers without Web Locks go unprotected (Safari before 15.4; pages on plain
// http keep no record that could be copied).
import { unlessAborted } from './waiting.js'

/** A page's right to refresh its visits. */
export interface RefreshLock {
  /** Whether this document has it for the visit of that launch, or gets it at once. */
  holds(launch: string, signal?: AbortSignal): Promise<boolean>
  /** Gives up all that this page asked for. */
  release(): void
}

interface Claim {
  users: Set<RefreshLock>
  isGranted(): boolean
  /** Waits a moment for what may still be said about it. */
  settle(): Promise<void>
  giveUp(): void
}

// A tab that is reloaded has to wait for what it was before to be gone.
const patienceMs = 1_000

// Of all visits of this document: one visit may be opened in it more than once.
const claims = new Map<string, Claim>()
let listening = false

/** The lock of a page. */
export function createRefreshLock(): RefreshLock {
  const lock: RefreshLock = {
    async holds(launch, signal) {
      const name = `lingpai:visit ${launch}`
      if (!locks() || typeof BroadcastChannel !== 'function') return true
      listen()
      let claim = claims.get(name)
      if (!claim) claims.set(name, (claim = ask(name, new Set())))
      claim.users.add(lock)
      if (!claim.isGranted()) await unlessAborted(claim.settle(), signal)
      return claims.get(name)?.isGranted() ?? false
    },
    release() {
      for (const [name, claim] of claims) {
        claim.users.delete(lock)
        if (claim.users.size > 0) continue
        claims.delete(name)
        claim.giveUp()
      }
    },
  }
  return lock
}

function ask(name: string, users: Claim['users']): Claim {
  let granted = false
  let giveUp = () => {}
  const givenUp = new Promise<void>((resolve) => (giveUp = resolve))
  const asking = new AbortController()
  const isGranted = new Promise<void>((resolve) => {
    const grant = () => {
      granted = true
      resolve()
      return givenUp
    }
    // A page without an origin of its own has no locks, and shares nothing that would need them.
    locks()!
      .request(name, { signal: asking.signal }, grant)
      .catch(() => asking.signal.aborted || void grant())
  })

  const channel = new BroadcastChannel(name)
  let hear = () => {}
  channel.onmessage = ({ data }) => {
    if (data === 'who' && granted) channel.postMessage('I')
    if (data === 'I') hear()
  }
  // Node (tests, SSR) would not end otherwise.
  ;(channel as { unref?: () => void }).unref?.()

  return {
    users,
    isGranted: () => granted,
    async settle() {
      if ((await inTime(isGranted)) || asking.signal.aborted) return
      // Some browsers let a page keep its locks in the back-forward cache. There it answers nobody.
      const answered = new Promise<void>((resolve) => (hear = resolve))
      channel.postMessage('who')
      if (!(await inTime(answered)) && !asking.signal.aborted) granted = true
    },
    giveUp() {
      granted = false
      asking.abort()
      giveUp()
      channel.close()
    },
  }
}

function inTime(promise: Promise<void>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patienceMs, false)
    void promise.then(() => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}

// A page that goes may come back out of the back-forward cache.
function listen(): void {
  if (listening || typeof addEventListener !== 'function') return
  listening = true
  addEventListener('pagehide', () => claims.forEach((claim) => claim.giveUp()))
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return
    for (const [name, { users }] of claims) claims.set(name, ask(name, users))
  })
}

function locks(): LockManager | undefined {
  return globalThis.navigator?.locks
}
