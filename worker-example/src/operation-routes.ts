// The addresses of operations under an alias, and the accounts that the demo's page may act on.

import type { Gate } from './gate'

type Handle = (request: Request, gate: Gate) => Promise<Response>

/** Registered pages may ask, and read the answers. */
function forPages(answer: Handle): { POST: Handle; OPTIONS: Handle } {
  return {
    POST: async (request, gate) => gate.authority.allowPages(request, await answer(request, gate)),
    OPTIONS: (request, { authority }) => authority.preflight(request),
  }
}

export const operationRoutes = {
  '/v1/aliases': forPages((request, { operations }) => operations().openAlias(request)),
  '/v1/aliases/claim': forPages((request, { operations }) => operations().claimAlias(request)),
  '/v1/aliases/close': forPages((request, { operations }) => operations().closeAlias(request)),
  '/v1/operations': forPages((request, { operations }) => operations().execute(request)),
  '/api/accounts': {
    GET: async (request: Request, { authority, accounts }: Gate) =>
      authority.allowPages(request, await accounts(request)),
    OPTIONS: (request: Request, { authority }: Gate) => authority.preflight(request),
  },
}
