// The Worker: gateway and authority in one. Routes lead to @lingpai/edge; what is decided is decided there.

import { gateOf } from './gate'
import { isBindingProblem, type Env } from './bindings'
import { problem } from './problem'
import { answerUsers } from './region'
import { routes } from './routes'
import { answerDemo } from './demo/routes'

export { AliasRegistry, PlatformSessions, TokenVault, VisitLedger } from '@lingpai/edge/durable'
export { DemoBank } from './demo/bank'
export { RegionDataHost, RegionDirectory, RegionIdentityHost } from './region'

export default {
  async fetch(request, env): Promise<Response> {
    try {
      return await answer(request, env)
    } catch (error) {
      if (isBindingProblem(error)) {
        console.error(error.message)
        return problem(500, 'server_error', 'Not configured', { detail: `${error.message}.` })
      }
      console.error(error instanceof Error ? (error.stack ?? error.message) : 'Unknown failure')
      return problem(500, 'server_error', 'Internal error')
    }
  },
} satisfies ExportedHandler<Env>

/** Answers a request; the demo partner's back-end, which is a client of its own, comes in here as well. */
async function answer(request: Request, env: Env): Promise<Response> {
  const gate = gateOf(env)
  const { pathname } = new URL(request.url)
  const methods = routes[pathname]
  if (!methods) {
    const users = await answerUsers(request, env, gate)
    if (users) return users
    const demo = await answerDemo(request, env, (inner) => answer(inner, env))
    return demo ?? problem(404, 'not_found', 'Not found')
  }
  // A HEAD is a GET of which the runtime drops the body.
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const handle = Object.hasOwn(methods, method) && methods[method]
  if (handle) return handle(request, gate)
  const allow = Object.keys(methods).flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : name))
  return problem(405, 'method_not_allowed', 'Method not allowed', {
    headers: { Allow: allow.join(', ') },
  })
}
