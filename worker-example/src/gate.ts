// Gateway and authority made from the bindings, once per isolate.

import { familyRevocation, subjectRevocation } from '@lingpai/edge'
import {
  createAuthority,
  createVerifier,
  type Authority,
  type AuthorityOptions,
  type Client,
} from '@lingpai/edge/authority'
import { durableLedger } from '@lingpai/edge/durable'
import type { Operations } from '@lingpai/edge/operations'
import type { Vault } from '@lingpai/edge/vault'
import { bindingProblem, issuer, json, type Env } from './bindings'
import { bankOf } from './demo/bank'
import { operationsOf } from './operations'
import { miniProgramsOf, type MiniPrograms } from './mini-programs'
import { isErased } from './region'
import { vaultOf } from './vault'

export interface Gate {
  authority: Authority
  env: Env
  /** The protected API; registered pages may read its answers. */
  me(request: Request): Promise<Response>
  /** Sensitive operations under an alias. Throws where their bindings are missing. */
  operations(): Operations
  /** The user's accounts at the demo's bank. */
  accounts(request: Request): Promise<Response>
  /** Where any are registered. */
  mini: MiniPrograms | undefined
  /** The vault. Throws where its bindings are not in place. */
  vault(): Vault
}

const gates = new WeakMap<Env, Gate>()

export function gateOf(env: Env): Gate {
  let gate = gates.get(env)
  if (!gate) gates.set(env, (gate = make(env)))
  return gate
}

function make(env: Env): Gate {
  if (!env.VISIT_LEDGER) throw bindingProblem('VISIT_LEDGER', 'is missing')
  const origin = issuer(env)
  const ledger = durableLedger(env.VISIT_LEDGER)
  const authority = configured({
    issuer: origin,
    signingKeys: json(env, 'SIGNING_KEYS'),
    appKeys: json(env, 'APP_KEYS'),
    refreshKeys: json(env, 'REFRESH_KEYS'),
    subjectKey: json(env, 'SUBJECT_KEY'),
    clients: json<Client[]>(env, 'CLIENTS'),
    ledger,
    cutOffs: ledger,
    // Whose identity was erased gets no further token, although a client of identities asks for one.
    ...(env.RESIDENCY && { isErased: (id: string) => isErased(id, env) }),
  })
  const verifier = createVerifier({
    issuer: origin,
    audience: `${origin}/api`,
    publicOrigin: origin,
    // The authority is this Worker: its keys come by a call, not over the network.
    keys: `${origin}/.well-known/jwks.json`,
    fetch: async () => authority.jwks(),
    replay: ledger,
    // Its ledger is near: asked each time, so that a revocation holds at once.
    revocation: [
      familyRevocation(ledger, { stalenessSeconds: 0 }),
      // A person who was erased does nothing any more, within ten seconds.
      subjectRevocation(ledger),
    ],
  })
  const me = verifier.protect((_, { claims, proof }) =>
    Response.json(
      {
        sub: claims.sub,
        partner: claims.client_id,
        scope: claims.scope,
        visit: claims.sid,
        expires_at: claims.exp,
        proof_key: proof?.jkt,
      },
      { headers: { 'Cache-Control': 'no-store' } },
    ),
  )
  const accounts = verifier.protect(
    async (_, { claims }) =>
      Response.json(await bankOf(env).accounts(String(claims.sub)), {
        headers: { 'Cache-Control': 'no-store' },
      }),
    { requiredScope: 'transfer' },
  )
  let vault: Vault | undefined
  return {
    authority,
    env,
    me: async (request) => authority.allowPages(request, await me(request)),
    operations: operationsOf(env, verifier),
    accounts,
    mini: miniProgramsOf(env, authority, verifier),
    vault: () => (vault ??= vaultOf(env, verifier, ledger)),
  }
}

const bindingOf: Partial<Record<string, keyof Env>> = {
  signingKeys: 'SIGNING_KEYS',
  appKeys: 'APP_KEYS',
  refreshKeys: 'REFRESH_KEYS',
  subjectKey: 'SUBJECT_KEY',
  client: 'CLIENTS',
}

/** Complaints about an option become complaints about the binding that it came from. */
function configured(options: AuthorityOptions): Authority {
  try {
    return createAuthority(options)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const option = Object.keys(bindingOf).find((name) => error.message.includes(name))
    const binding = option && bindingOf[option]
    throw binding ? bindingProblem(binding, 'is malformed') : error
  }
}
