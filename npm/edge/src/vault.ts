// The vault: tokens in place of values, while it is there and after it was away.
import { wrongMethod } from './authority/answers.js'
import { credentialsOf } from './credentials.js'
import type { Actor, AuditEntry } from './durable/vault/rows.js'
import { engine } from './engine/full.js'
import { isLingpaiError, LingpaiError } from './error.js'
import { usable } from './option-values.js'
import { possession, type Burn, type Possession } from './possession.js'
import { problemResponse } from './problem.js'
import { scopeIncludes } from './scope.js'
import { answer, jsonAnswer, jsonBody, refusalOf } from './vault/answers.js'
import { readTrail, rotateAll, type RotationReport } from './vault/operations.js'
import { readOptions, type VaultOptions } from './vault/options.js'
import { reconcile, type Policy } from './vault/reconcile.js'
import type { VaultContext } from './vault/registration.js'
import { mayUse } from './vault/scopes.js'
import { erase, eraseSubject } from './vault/erasure.js'
import { failure, take } from './vault/rates.js'
import { callerOf, canonical, lease, reveal, tokenize } from './vault/tokens.js'
import type { ReplayStore } from './types.js'
import type { Verified } from './verifier.js'

export { isLingpaiError, LingpaiError } from './error.js'
export type { ErrorCode, LingpaiErrorOptions } from './error.js'
export type { Actor, AuditEntry } from './durable/vault/rows.js'
export type { RotationReport } from './vault/operations.js'
export type { FieldKind, VaultEvent, VaultField, VaultOptions } from './vault/options.js'
export type { HolderStore, ShardStore, VaultStore } from './vault/store.js'
export type { Jwk, JwkSet, ReplayStore, RingKey, SharedKey } from './types.js'

/** Handlers for the vault's addresses. They answer every request and never reject. */
export interface Vault {
  /** `POST {gateway}/v1/policies` */
  issuePolicy(request: Request): Promise<Response>
  /** `POST {gateway}/v1/tokens` */
  tokenize(request: Request): Promise<Response>
  /** `POST {gateway}/v1/tokens/reveal` */
  reveal(request: Request): Promise<Response>
  /** `POST {gateway}/v1/tokens/canonical` */
  canonical(request: Request): Promise<Response>
  /** `POST {gateway}/v1/pools` */
  leasePool(request: Request): Promise<Response>
  /** `POST {gateway}/v1/reconcile` */
  reconcile(request: Request): Promise<Response>
  /** `GET {gateway}/v1/audit?after=`: a page of the audit trail of the caller's tenant. Needs the scope `audit:export`. */
  exportAudit(request: Request): Promise<Response>
  /**
   * Erases the values of tokens: all tokens of such a value stand for nothing from now on, and a later registration of it
   * makes another one. Rejects with `storage_unavailable`; repeat it then.
   */
  erase(
    tenant: string,
    items: readonly { field: string; token: string }[],
    by?: Actor,
  ): Promise<{ token: string; erased: boolean }[]>
  /**
   * Erases every value that this subject of a tenant's visit tokens, and nobody else, has had tokenized, and gives how many; asked
   * again, the same number. For a subject that never comes back, such as the id of an identity: no value of theirs is taken for 40
   * days, so that nothing under way brings anything back. Rejects with `storage_unavailable`; repeat it then.
   */
  eraseSubject(tenant: string, subject: string, by?: Actor): Promise<number>
  /** Begins to bring all values of a tenant under the data key that serves, and tells how many are not. */
  rotate(tenant: string): Promise<RotationReport>
  /** A page of the audit trail of a tenant, at most 500 entries; `next` is where the following one begins. */
  auditTrail(tenant: string, after?: string): Promise<{ entries: AuditEntry[]; next?: string }>
}

const policiesPerHour = 240
const auditScope = 'audit:export'

/** Makes a vault. Throws a `TypeError` that names the option where one is wrong. */
export function createVault(options: VaultOptions): Vault {
  const settings = readOptions(options)
  const { verifier, now, reconcileUrl } = settings
  const { glue, resource } = engine
  const vault = usable('createVault', () =>
    resource(() => glue.vaultNew(settings.config), glue.vaultFree),
  )
  const context: VaultContext = { settings, vault }
  const proofs = possession(engine, {
    publicUrl: () => reconcileUrl,
    replay: settings.replay,
    windowSeconds: settings.seconds.proofWindow,
    nonces: undefined,
  })

  /** Answers a caller with a visit token. */
  async function answered(
    request: Request,
    method: 'GET' | 'POST',
    handle: (verified: Verified, nowSeconds: number) => Promise<Response>,
  ): Promise<Response> {
    if (request.method !== method) return wrongMethod(method)
    let verified: Verified
    try {
      verified = await verifier.verify(request)
    } catch (error) {
      return verifier.refusal(error)
    }
    let response: Response
    try {
      response = await handle(verified, Math.floor(now() / 1000))
    } catch (error) {
      const caller =
        isLingpaiError(error) && ['insufficient_scope', 'proof_required'].includes(error.code)
      response = caller ? verifier.refusal(error) : refusalOf(error, now())
    }
    if (verified.nextNonce !== undefined) response.headers.set('DPoP-Nonce', verified.nextNonce)
    return response
  }

  const json = (
    request: Request,
    handle: (
      caller: ReturnType<typeof callerOf>,
      body: string,
      nowSeconds: number,
    ) => Promise<unknown>,
  ) =>
    answered(request, 'POST', async (verified) => {
      const body = await jsonBody(request)
      // Not before the body is here: its sender decides how long that takes.
      const nowSeconds = Math.floor(now() / 1000)
      return jsonAnswer(await handle(callerOf(context, verified), body, nowSeconds), now())
    })

  return {
    issuePolicy: (request) =>
      answered(request, 'POST', async (verified) =>
        answer(
          await issuePolicy(context, verified, await jsonBody(request)),
          'application/jwt',
          now(),
        ),
      ),
    tokenize: (request) =>
      json(request, (caller, body, seconds) => tokenize(context, caller, body, seconds)),
    reveal: (request) =>
      json(request, (caller, body, seconds) => reveal(context, caller, body, seconds)),
    canonical: (request) => json(request, (caller, body) => canonical(context, caller, body)),
    leasePool: (request) =>
      json(request, (caller, body, seconds) => lease(context, caller, body, seconds)),
    reconcile: (request) => answerReconcile(context, proofs, request),
    exportAudit: (request) =>
      answered(request, 'GET', async (verified) => {
        if (!scopeIncludes(verified.claims.scope, auditScope)) {
          throw new LingpaiError('insufficient_scope')
        }
        const { tenant } = callerOf(context, verified)
        const after = new URL(request.url).searchParams.get('after') ?? undefined
        return jsonAnswer(await readTrail(context, tenant, after), now())
      }),
    erase: (tenant, items, by = {}) => erase(context, tenant, items, by),
    eraseSubject: (tenant, subject, by = {}) => eraseSubject(context, tenant, subject, by),
    rotate: (tenant) => rotateAll(context, tenant),
    auditTrail: (tenant, after) => readTrail(context, tenant, after),
  }
}

/** A policy over the fields that the caller may tokenize. */
async function issuePolicy(
  context: VaultContext,
  verified: Verified,
  body: string,
): Promise<string> {
  const { settings, vault } = context
  const { tenant, holder, claims, jkt } = callerOf(context, verified)
  const asked = engine.call((glue) => glue.vaultWantedKey(body))
  if (asked !== undefined && asked !== jkt) throw new LingpaiError('key_binding_mismatch')
  const fields = [...settings.fields.keys()].filter((field) => mayUse(claims, 'tokenize', field))
  if (fields.length === 0) throw new LingpaiError('insufficient_scope')
  const nowSeconds = Math.floor(settings.now() / 1000)
  const { command } = JSON.parse(
    vault.use((number) =>
      engine.glue.vaultWanted(
        number,
        tenant,
        claims.sub ?? '',
        jkt,
        JSON.stringify(fields),
        nowSeconds,
      ),
    ),
  ) as { command: unknown }
  await take(context, { tenant, holder }, [{ name: 'policies', count: 1, limit: policiesPerHour }])
  let granted: unknown
  try {
    granted = await settings.store.holder(tenant, holder).grant(JSON.stringify(command))
  } catch (error) {
    throw failure(context, error)
  }
  return vault.use((number) =>
    engine.glue.vaultPolicy(number, tenant, JSON.stringify(granted), nowSeconds),
  )
}

/** Uses proofs up in a store. */
function burnIn(store: ReplayStore): Burn {
  return async (key, untilSeconds) => {
    let fresh: boolean
    try {
      fresh = await store.burn(key, untilSeconds)
    } catch (error) {
      throw new LingpaiError('storage_unavailable', { cause: error })
    }
    if (fresh !== true) throw new LingpaiError('proof_replayed')
  }
}

/** The credential is a policy: the visit token may have died in the outage. */
async function answerReconcile(
  context: VaultContext,
  proofs: Possession,
  request: Request,
): Promise<Response> {
  if (request.method !== 'POST') return wrongMethod('POST')
  const { settings, vault } = context
  const nowSeconds = () => Math.floor(settings.now() / 1000)
  let policy: Policy
  let text: string
  try {
    const { scheme, token, proof } = credentialsOf(request.headers)
    text = token
    policy = JSON.parse(
      vault.use((number) => engine.glue.vaultPolicyOf(number, token, nowSeconds())),
    ) as Policy
    if ((policy.jkt !== undefined) !== (scheme === 'DPoP')) {
      throw new LingpaiError('scheme_mismatch')
    }
    if (policy.jkt !== undefined) {
      await proofs.prove(request, token, proof, policy.jkt, settings.now, burnIn(settings.replay))
    }
  } catch (error) {
    return problemResponse(error)
  }
  try {
    const body = await jsonBody(request)
    return jsonAnswer(await reconcile(context, policy, text, body, nowSeconds()), settings.now())
  } catch (error) {
    return refusalOf(error, settings.now())
  }
}
