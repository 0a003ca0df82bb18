// Makes the module trap inside any runtime, and says what became of each request. Functions of JSON, for `startRuntime`.
import { createMetrics, createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'

const issuer = 'https://gate.example'
const iat = 1_800_000_000

/** Verifiers for audiences of their own, and a token for each. */
function parties(count, onEvent) {
  const key = generateKey('Ed25519', { kid: 'k1' })
  return Array.from({ length: count }, (_, n) => {
    const audience = `https://${n}.example`
    const claims = { iss: issuer, aud: audience, iat, exp: iat + 900 }
    const token = signJws(JSON.stringify(claims), key, { typ: 'vt+jwt' })
    const keys = [publicKey(key)]
    const now = () => iat * 1000
    const verifier = createVerifier({ issuer, audience, keys, cacheSize: 0, now, onEvent })
    return { verifier, token }
  })
}

/** An access out of bounds in the middle of every third verification: the outcomes, and what was counted. */
export async function outOfBounds() {
  const { Instance } = WebAssembly
  let broken = false
  WebAssembly.Instance = function (module, imports) {
    const { exports } = new Instance(module, imports)
    const verifierVerify = (verifier, pointer, ...rest) =>
      exports.verifierVerify(verifier, broken ? 0xffff_fff0 : pointer, ...rest)
    return { exports: { ...exports, verifierVerify } }
  }
  try {
    const metrics = createMetrics()
    const [one, two] = parties(2, metrics)
    const outcomes = []
    for (let i = 0; i < 9; i++) {
      broken = i % 3 === 1
      const { verifier, token } = i % 2 ? one : two
      outcomes.push(
        await verifier.verify(token).then(
          ({ claims }) => claims.iss,
          ({ code }) => code,
        ),
      )
    }
    const { traps, refused, verified } = metrics.snapshot()
    return { outcomes, traps, refused, verified }
  } finally {
    WebAssembly.Instance = Instance
  }
}

/**
 * Verifies in every frame on the way up from where the stack ends, a right token and a wrong one: how often what came of
 * it, until both were told apart in thirty frames.
 */
export async function exhaustedStack() {
  const all = parties(3)
  const counts = {}
  let worked = 0
  function attempt(n, token) {
    try {
      all[n].verifier.verifySync(token)
      return 'accepted'
    } catch (error) {
      return error.code ?? 'no stack'
    }
  }
  function dive(depth) {
    try {
      dive(depth + 1)
    } catch {
      // The end of the stack: from here on, each frame has a little more of it.
    }
    if (worked >= 30) return
    const n = depth % 3
    const right = attempt(n, all[n].token)
    const wrong = attempt(n, all[(n + 1) % 3].token)
    for (const outcome of [`right: ${right}`, `wrong: ${wrong}`]) {
      counts[outcome] = (counts[outcome] ?? 0) + 1
    }
    if (right === 'accepted' && wrong === 'audience_mismatch') worked++
  }
  dive(0)
  return counts
}
