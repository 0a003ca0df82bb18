// A verifier as middleware of Hono. Needs Hono's types only.
import type { Env, MiddlewareHandler } from 'hono'
import type { Verified, Verifier } from './verifier.js'

/** What the middleware sets: `c.get('verified')`. For apps that are not written as one chain: `new Hono<LingpaiEnv>()`. */
export interface LingpaiEnv extends Env {
  Variables: { verified: Verified }
}

/** What is used of a verifier. */
type Protector = Pick<Verifier, 'protect'>

/**
 * Lets only verified requests through: `app.use('/api/*', lingpai(verifier))`. The others are answered with a problem
 * document and the challenge that belongs to it. Where the verifier needs bindings, give a function of them; it is called
 * once, at the first request, and what it makes serves from then on.
 */
export function lingpai<E extends Env = Env>(
  verifier: Protector | ((bindings: E['Bindings']) => Protector),
): MiddlewareHandler<E & LingpaiEnv> {
  let made: Protector | undefined
  return async (c, next) => {
    made ??= typeof verifier === 'function' ? verifier(c.env) : verifier
    const guarded = made.protect(async (_request: Request, verified: Verified) => {
      c.set('verified', verified)
      await next()
      return c.res
    })
    const response = await guarded(c.req.raw)
    if (!c.finalized) return response
    if (response !== c.res) {
      // Assigned twice: Hono writes the headers of the response that is there over those of the one that comes.
      c.res = undefined
      c.res = response
    }
  }
}
