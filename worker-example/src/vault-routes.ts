// The vault's routes. Each answer may be read by registered pages.

import type { Vault } from '@lingpai/edge/vault'
import { suffer } from './demo/vault-faults'
import type { Gate } from './gate'

type Handle = (request: Request, gate: Gate) => Response | Promise<Response>

function route(
  method: 'GET' | 'POST',
  handle: (vault: Vault, request: Request) => Promise<Response>,
) {
  return {
    [method]: async (request: Request, { authority, env, vault }: Gate) =>
      authority.allowPages(request, await suffer(env, () => handle(vault(), request))),
    OPTIONS: (request: Request, { authority }: Gate) => authority.preflight(request),
  }
}

export const vaultRoutes: Readonly<Record<string, Readonly<Record<string, Handle>>>> = {
  '/v1/policies': route('POST', (vault, request) => vault.issuePolicy(request)),
  '/v1/tokens': route('POST', (vault, request) => vault.tokenize(request)),
  '/v1/tokens/reveal': route('POST', (vault, request) => vault.reveal(request)),
  '/v1/tokens/canonical': route('POST', (vault, request) => vault.canonical(request)),
  '/v1/pools': route('POST', (vault, request) => vault.leasePool(request)),
  '/v1/reconcile': route('POST', (vault, request) => vault.reconcile(request)),
  '/v1/audit': route('GET', (vault, request) => vault.exportAudit(request)),
}
