// A verifier as middleware of Hono. Needs Hono's types only.
import type { Env, MiddlewareHandler } from 'hono'
import type { DemandOptions, Verified, Verifier } from './verifier.js'

/** What the middleware sets: `c.get('verified')`. For apps that are not written as one chain: `new Hono<LingpaiEnv>()`. */
export interface LingpaiEnv extends Env {
  Variables: { verified: Verified }
}

/** What is used of a verifier. */
type Protector = Pick<Verifier, 'protect'>

/** Gives a verifier that needs the app's bindings. */
type MakeVerifier<E extends Env> = (bindings: E['Bindings']) => Protector

/** One for each function, on however many routes it is used: keys and seen tokens are the verifier's. */
const made = /* @__PURE__ */ new WeakMap<object, Protector>()

/**
 * Lets only verified requests through: `app.use('/api/*', lingpai(verifier))`. The others are answered with a problem
 * document and the challenge that belongs to it. Where the verifier needs bindings, give a function of them; it is called
 * once, at the first request, and what it makes serves from then on. Routes may demand more than the verifier does:
 * `app.post('/orders', lingpai(verifier, { requiredScope: 'orders:write' }), …)`.
 */
export function lingpai<E extends Env = Env>(
  verifier: Protector | MakeVerifier<E>,
  demands?: DemandOptions,
): MiddlewareHandler<E & LingpaiEnv> {
  return async (c, next) => {
    const protector = typeof verifier === 'function' ? once(verifier, c.env) : verifier
    const guarded = protector.protect(async (_request: Request, verified: Verified) => {
      c.set('verified', verified)
      await next()
      return c.res
    }, demands)
    const response = await guarded(c.req.raw)
    if (!c.finalized) return response
    if (response !== c.res) {
      // Assigned twice: Hono writes the headers of the response that is there over those of the one that comes.
      c.res = undefined
      c.res = response
    }
  }
}

function once<E extends Env>(make: MakeVerifier<E>, bindings: E['Bindings']): Protector {
  let protector = made.get(make)
  if (!protector) made.set(make, (protector = make(bindings)))
  return protector
}
