// A protected service, written for servers of fetch handlers and for Hono.
import { createVerifier, memoryReplayStore } from '@lingpai/edge'
import { lingpai } from '@lingpai/edge/hono'
import { Hono } from 'hono'

const answer = ({ claims, proof }) => ({ subject: claims.sub, jkt: proof?.jkt })

/** `Request → Response`, as `Deno.serve`, `Bun.serve` and Workers take it. */
export function plainService(options) {
  const verifier = createVerifier({ replay: memoryReplayStore(), ...options })
  return verifier.protect((_request, verified) => Response.json(answer(verified)))
}

/** The same as an app of Hono; `verifier` may be a function of the bindings. */
export function honoService(verifier) {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('x-outer', 'seen')
  })
  app.get('/open', (c) => c.text('open'))
  app.get('/orders', lingpai(verifier), (c) => c.json(answer(c.get('verified'))))
  app.get('/fault', lingpai(verifier), () => {
    throw new Error('a fault of the handler')
  })
  app.onError((error, c) => c.text(error.message, 418))
  return app
}

export const honoOverMemory = (options) =>
  honoService(createVerifier({ replay: memoryReplayStore(), ...options }))
