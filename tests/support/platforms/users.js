// What every platform knows about its users: codes that serve once, and one session key for each user at a time.
import { randomBytes } from 'node:crypto'

const codeMs = 300_000

/** `sessionKey()` makes a key as the platform writes it. */
export function createUsers({ app, sessionKey = () => randomBytes(16).toString('base64') }) {
  const codes = new Map()
  const sessions = new Map()
  const secrets = []
  return {
    /** Everything that must never leave a server: codes, ids and session keys given out so far. */
    secrets,
    /** What the client's login call gives: a code for a user of an app. */
    login({ user = 'user-1', union, appId = app.appId, kind = 'user', expired = false } = {}) {
      const code = `${randomBytes(12).toString('base64url')}-${app.platform}`
      const made = Date.now() - (expired ? 2 * codeMs : 0)
      codes.set(code, { user, union, appId, kind, made, used: false })
      secrets.push(code)
      return code
    },
    /** What the platform's server makes of a code: { user, union, key } or why not. A new login replaces the session. */
    redeem(code, appId, kind = 'user') {
      const known = codes.get(code)
      const good = known?.appId === appId && known.kind === kind && Date.now() < known.made + codeMs
      if (!good) return { refused: 'invalid' }
      if (known.used) return { refused: 'used' }
      known.used = true
      const key = sessionKey()
      sessions.set(known.user, key)
      secrets.push(key, openidOf(known.user, app))
      return { user: openidOf(known.user, app), union: known.union, key }
    },
    /** Whether a code has been exchanged. */
    isRedeemed: (code) => codes.get(code)?.used === true,
    /** The session key of a user that is valid now. */
    keyOf: (user = 'user-1') => sessions.get(user),
    openidOf: (user = 'user-1') => openidOf(user, app),
  }
}

function openidOf(user, { platform, appId }) {
  return `openid-${platform}-${appId}-${user}`
}
