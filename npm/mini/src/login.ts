// From the platform's login code to our token, and from refresh token to refresh token (PROTOCOL §6). What is sent is kept
// first: a mini-program that is killed before the answer came asks for the same again.
import type { Engine } from './engine/engine'
import { operations } from './engine/operations'
import { LingpaiError } from './errors'
import type { MiniEvent } from './events'
import { form, within, type Gateway } from './gateway'
import type { Host } from './host'
import type { KeptToken, PendingLogin } from './record'
import type { Store } from './store'
import type { Trusted } from './trust'

/** What a login stands on. */
export interface LoginOptions {
  host: Host
  engine: Engine
  gateway: Gateway
  store: Store
  clientId: string
  audience: string
  scope: string | undefined
  /** Thumbprint of the proof key, if there is one. */
  jkt: string | undefined
  trusted: Trusted | undefined
  emit(event: MiniEvent): void
}

/** The answer to a repetition stays the same for 60 s; less a margin for the way there. */
const repeatableMs = 55_000
const loginTimeoutMs = 20_000

interface Granted {
  token: string
  subject: string
  scope: string
  issuedAtSeconds: number
  expiresAtSeconds: number
  nowSeconds: number
  refreshToken?: string
}

/** Gets a token: by the refresh token at hand, else by a login code. */
export async function renewLogin(options: LoginOptions): Promise<KeptToken> {
  const { store, jkt } = options
  const { refreshToken } = store.record.login
  if (refreshToken !== undefined && jkt !== undefined) {
    try {
      return await refresh(options, refreshToken)
    } catch (error) {
      if (!endsFamily(error as LingpaiError)) throw error
      await store.commit((record) => void (record.login = {}))
    }
  }
  return byCode(options)
}

/** Refusals after which a refresh token is worth nothing. */
export function endsFamily({ code }: LingpaiError): boolean {
  return /^(invalid_grant|replayed|visit_ended|token_revoked|subject_mismatch|proof_key_mismatch)$/.test(
    code,
  )
}

async function refresh(options: LoginOptions, refreshToken: string): Promise<KeptToken> {
  const { token } = options.store.record.login
  const body = form({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: options.clientId,
    lp_error_status: options.host.hidesErrors ? '200' : undefined,
  })
  const before = token === undefined ? undefined : token.subject
  return accept(options, await ask(options, body), before, 'refresh')
}

async function byCode(options: LoginOptions): Promise<KeptToken> {
  const { store } = options
  for (let fresh = 0; ; fresh++) {
    const pending = await pendingLogin(options)
    try {
      return await accept(
        options,
        await ask(options, exchangeForm(options, pending)),
        undefined,
        'login',
      )
    } catch (thrown) {
      const error = thrown as LingpaiError
      // Without an answer the code may be spent or not: the same request finds out, also after a restart.
      if (error.code === 'network_unavailable') throw error
      await store.commit((record) => void delete record.pending)
      const worthAnother = error.code === 'code_used' || error.code === 'invalid_code'
      if (!worthAnother || fresh > 0) throw error
    }
  }
}

/** The code that is on its way, or a new one, kept before it is sent. */
async function pendingLogin({ host, engine, store }: LoginOptions): Promise<PendingLogin> {
  const { pending } = store.record
  const age = pending === undefined ? -1 : host.now() - pending.sentAtMs
  if (pending !== undefined && pending.request !== undefined && age >= 0 && age < repeatableMs)
    return pending
  const { code, kind } = await within(host, loginTimeoutMs, host.login())
  const next: PendingLogin = { code, kind, sentAtMs: host.now() }
  const request = requestId(engine)
  if (request !== undefined) next.request = request
  await store.commit((record) => void (record.pending = next))
  return next
}

/** Makes a repetition recognisable as ours. Without entropy there is none, and a lost answer costs a new code. */
function requestId(engine: Engine): string | undefined {
  try {
    return engine.text(operations.encode, engine.call(operations.random, 32))
  } catch (_) {
    return undefined
  }
}

function exchangeForm(options: LoginOptions, { code, kind, request }: PendingLogin): string {
  return form({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: code,
    subject_token_type: `urn:x-lingpai:token-type:${kind}-code`,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    client_id: options.clientId,
    audience: options.audience,
    scope: options.scope,
    lp_request: request,
    lp_error_status: options.host.hidesErrors ? '200' : undefined,
  })
}

async function ask({ gateway, jkt }: LoginOptions, body: string): Promise<string> {
  const contentType = 'application/x-www-form-urlencoded'
  const request = {
    path: '/v1/exchange',
    contentType,
    body,
    proves: jkt !== undefined,
    sealed: false,
  }
  return (await gateway.ask(request)).body
}

/** Checks the answer, keeps what it brought, and only then lets it be used. */
async function accept(
  options: LoginOptions,
  body: string,
  subject: string | undefined,
  by: 'login' | 'refresh',
): Promise<KeptToken> {
  const { engine, host, store, jkt, trusted } = options
  const fields = [body, options.clientId, options.audience, options.scope, jkt, subject]
  const granted = JSON.parse(
    trusted === undefined
      ? engine.text(operations.readAnswer, ...fields)
      : await trusted.read((keys) =>
          engine.text(operations.readVerifiedAnswer, ...fields, trusted.issuer, keys),
        ),
  ) as Granted
  const token: KeptToken = {
    text: granted.token,
    type: jkt === undefined ? 'Bearer' : 'DPoP',
    scope: granted.scope,
    subject: granted.subject,
    issuedAtSeconds: granted.issuedAtSeconds,
    expiresAtSeconds: granted.expiresAtSeconds,
  }
  await store.commit((record) => {
    const { refreshToken } = granted
    delete record.pending
    record.clockOffsetMs = granted.nowSeconds * 1000 - host.now()
    // A token without a key leaves the refresh token of the key where it is: the next start may have the key again.
    const kept =
      refreshToken === undefined
        ? jkt === undefined
          ? record.login.refreshToken
          : undefined
        : refreshToken
    record.login = kept === undefined ? { token } : { token, refreshToken: kept }
  })
  options.emit({ type: 'token', by, scope: token.scope, bound: jkt !== undefined })
  return token
}
