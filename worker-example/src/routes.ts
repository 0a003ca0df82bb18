// What the Worker answers, by path and method.

import type { Gate } from './gate'
import { operationRoutes } from './operation-routes'
import { miniRoutes } from './mini-routes'
import { vaultRoutes } from './vault-routes'

type Handle = (request: Request, gate: Gate) => Response | Promise<Response>

export const routes: Readonly<Record<string, Readonly<Record<string, Handle>>>> = {
  '/v1/access-tokens': { POST: (request, { authority }) => authority.issueAccessToken(request) },
  '/v1/visits': {
    POST: (request, { authority }) => authority.answerVisit(request),
    OPTIONS: (request, { authority }) => authority.preflight(request),
  },
  '/v1/visits/refresh': {
    POST: (request, { authority }) => authority.refreshVisit(request),
    OPTIONS: (request, { authority }) => authority.preflight(request),
  },
  ...vaultRoutes,
  '/.well-known/jwks.json': { GET: (_, { authority }) => authority.jwks() },
  '/.well-known/lingpai': { GET: (_, { authority }) => authority.configuration() },
  '/api/me': {
    GET: (request, { me }) => me(request),
    OPTIONS: (request, { authority }) => authority.preflight(request),
  },
  ...operationRoutes,
  ...miniRoutes,
  // Reached only with every binding in place.
  '/v1/health': {
    GET: () => Response.json({ status: 'ok' }, { headers: { 'Cache-Control': 'no-store' } }),
  },
}
