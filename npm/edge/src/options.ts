// The options of a verifier, read once. Wrong usage shows here, not at the first request.
import type { VerifierEvent } from './events.js'
import type { Keys, KeySetOptions, KeysOptions } from './keys/index.js'
import { origin, scopeText, text, texts, whole } from './option-values.js'
import type { PossessionSettings } from './possession.js'
import type { ChallengeOptions } from './problem.js'
import type { UnsealSettings } from './sealed.js'
import type { TokenPolicy } from './token-check.js'
import type { ReplayStore, RequestLike, RevocationSource, RingKey } from './types.js'

/** How tokens may be signed. HS256 needs a shared key; all others a key set. */
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

const signatureAlgorithms = [
  'EdDSA',
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'HS256',
] as const

/**
 * What the host does although a module may be able to: P-256, which took it less than half the time in Node. Ed25519 of
 * issuers and HMAC stay in the module; `cargo xtask bench --only host` compares them.
 */
const leftToHost = ['ES256'] as const

/** One issuer whose tokens are believed, and what they have to say. */
export interface IssuerOptions {
  /** The issuer, letter by letter as tokens name it. */
  issuer: string
  /** This service; several names where tokens may carry any of them. */
  audience: string | readonly string[]
  /** The issuer's keys. */
  keys: Keys
  /** The `typ` that tokens must have: `vt+jwt` for visit tokens, `at+jwt` for RFC 9068; `null` for tokens without one. */
  type?: string | null | undefined
  /**
   * The algorithms that this issuer signs with; others are refused. Needed for issuers whose key sets leave out `alg` or
   * `use`, as many do: such keys then serve the algorithms listed here that fit them, and none without this list.
   */
  algorithms?: readonly SignatureAlgorithm[] | undefined
  /** Scopes that a token must have, separated by spaces. */
  requiredScope?: string | undefined
  /** Claims that have to be there, beside those that are always checked. */
  requiredClaims?: readonly string[] | undefined
  /** The oldest that a token's `iat` may be; with it, `iat` has to be there. */
  maxTokenAgeSeconds?: number | undefined
  /** How far the issuer's clock may differ from ours, at most 60. Default: 5. */
  clockToleranceSeconds?: number | undefined
  pinnedKeys?: KeySetOptions['pinnedKeys']
  pinnedUntilSeconds?: KeySetOptions['pinnedUntilSeconds']
  /** A name of yours, given back with what was verified. */
  tenant?: string | undefined
}

/** What does not depend on the issuer. */
export interface ServiceOptions extends Omit<KeySetOptions, 'pinnedKeys' | 'pinnedUntilSeconds'> {
  /**
   * The origin under which clients know this service, such as `https://api.example`. A proof of possession names it. It
   * is not read from requests: who can choose the host name could replay proofs made for another host. Together with
   * `replay` it lets the verifier accept tokens that are bound to a key; without both, these are refused. Where a service
   * has several origins, the request's own counts if it is one of them, and else the first.
   */
  publicOrigin?: string | readonly string[] | undefined
  /**
   * The path under which clients know a request, for services behind something that rewrites paths. Given the request;
   * default: the path of its URL.
   */
  publicPath?: ((request: RequestLike) => string) | undefined
  /**
   * The store in which each proof is used up, such as `durableReplay(env.REPLAY)`. `'unchecked'` accepts a proof
   * again within its window; only for services where repeating a request does no harm.
   */
  replay?: ReplayStore | 'unchecked' | undefined
  /** Whether each token may be used once only. It is used up last, in the store given as `replay`, by `iss` and `jti`. */
  singleUse?: boolean | undefined
  /**
   * Secrets for nonces of ours in proofs (RFC 9449 §8), each at least 32 bytes in base64url; the first makes new nonces,
   * the others are still good. All instances of a service share them. Without them no nonce is asked for.
   */
  nonceSecrets?: readonly string[] | undefined
  /** How long a nonce is the newest; it is good for as long again. Default: 300. */
  noncePeriodSeconds?: number | undefined
  /** How old a proof may be, and how far ahead of our clock. Default: 60. */
  proofWindowSeconds?: number | undefined
  /** Private keys for tokens that come sealed (`lp-vt+jwe`): X25519 or P-256, with times of their rotation. */
  unsealKeys?: readonly RingKey[] | undefined
  /** Whether tokens have to come sealed. Default: they may, where there are `unsealKeys`. */
  sealedOnly?: boolean | undefined
  /** Know which tokens have been revoked. */
  revocation?: RevocationSource | readonly RevocationSource[] | undefined
  /**
   * How many verified tokens are remembered, each from its second use on. Times, revocation and proof are checked each
   * time. Default: 500.
   */
  cacheSize?: number | undefined
  /** Whether `protect` adds a `Server-Timing` header: the phases of the verification and their durations. */
  serverTiming?: boolean | ((request: RequestLike) => boolean) | undefined
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
  /** Told what happens, such as `createMetrics().onEvent`. Must not throw. */
  onEvent?: ((event: VerifierEvent) => void) | undefined
}

/** Several issuers, each with its own keys and demands. */
export interface IssuersOptions {
  issuers: readonly IssuerOptions[]
  /**
   * Finds the options of an issuer that is not in the list, for services with many tenants. The name comes from a token
   * that nothing is known of yet: look it up in what you know, and never fetch what it says. Asked again after
   * `issuerForSeconds`; where it rejects then, the last answer holds for ten minutes more.
   */
  issuerFor?:
    ((issuer: string) => IssuerOptions | undefined | Promise<IssuerOptions | undefined>) | undefined
  /** How long an answer of `issuerFor` holds, and so how soon a change of it counts. Default: 60. */
  issuerForSeconds?: number | undefined
  /** How many issuers that were looked up and have signed tokens are kept with their keys. Default: 1000. */
  maxIssuers?: number | undefined
}

/** Options of `createVerifier`: one issuer's, or several. */
export type VerifierOptions = ServiceOptions &
  (
    | (IssuerOptions & { [name in keyof IssuersOptions]?: undefined })
    | (IssuersOptions & { [name in keyof IssuerOptions]?: undefined })
  )

/** One issuer, checked. */
export interface IssuerSettings {
  policy: TokenPolicy
  keys: KeysOptions
  tenant: string | undefined
}

/** How issuers are looked up, checked. */
export interface TenantSettings {
  lookUp: (issuer: string) => Promise<IssuerSettings | undefined>
  lifeMs: number
  most: number
}

/** All options, checked. */
export interface Settings {
  issuers: readonly IssuerSettings[]
  tenants: TenantSettings | undefined
  possession: PossessionSettings | undefined
  unseal: UnsealSettings | undefined
  singleUse: ReplayStore | undefined
  revocation: readonly RevocationSource[]
  challenge: ChallengeOptions
  cacheSize: number
  serverTiming: (request: RequestLike) => boolean
  now: () => number
  onEvent: ((event: VerifierEvent) => void) | undefined
}

const issuerOptions = [
  'issuer',
  'audience',
  'keys',
  'type',
  'algorithms',
  'requiredScope',
  'requiredClaims',
  'maxTokenAgeSeconds',
  'clockToleranceSeconds',
  'pinnedKeys',
  'pinnedUntilSeconds',
  'tenant',
] as const satisfies readonly (keyof IssuerOptions)[]

const issuersOptions = [
  'issuers',
  'issuerFor',
  'issuerForSeconds',
  'maxIssuers',
] as const satisfies readonly (keyof IssuersOptions)[]

const serviceOptions = [
  'publicOrigin',
  'publicPath',
  'replay',
  'singleUse',
  'nonceSecrets',
  'noncePeriodSeconds',
  'proofWindowSeconds',
  'unsealKeys',
  'sealedOnly',
  'revocation',
  'cacheSize',
  'serverTiming',
  'keysTimeoutMs',
  'keysStaleSeconds',
  'keysCache',
  'waitUntil',
  'fetch',
  'now',
  'onEvent',
] as const satisfies readonly (keyof ServiceOptions)[]

/** Refuses options that are not there: a misspelt demand would be none. */
function knownOnly(options: object, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw new TypeError('issuers: no options')
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && !names.includes(name)) {
      throw new TypeError(`${name}: no such option here`)
    }
  }
}

/** Checks options. */
export function readOptions(options: VerifierOptions): Settings {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: missing')
  const several = options.issuers !== undefined || options.issuerFor !== undefined
  knownOnly(options, [...serviceOptions, ...(several ? issuersOptions : issuerOptions)])
  const list = several ? (options.issuers ?? []) : [options as IssuerOptions]
  if (!Array.isArray(list) || (list.length === 0 && !options.issuerFor)) {
    throw new TypeError('issuers: give at least one')
  }
  if (several) for (const one of list) knownOnly(one, issuerOptions)
  const issuers = list.map((one) => issuerSettings(one, options))
  const names = new Set(issuers.map(({ policy }) => policy.issuer))
  if (names.size < issuers.length) throw new TypeError('issuers: one issuer is there twice')
  const possession = possessionSettings(options)
  const { serverTiming = false, revocation = [] } = options
  return {
    issuers,
    tenants: tenantSettings(options),
    possession,
    unseal: unsealSettings(options),
    singleUse: options.singleUse ? storeFor('singleUse', options.replay) : undefined,
    revocation: revocationSources(revocation),
    challenge: {
      scheme: possession ? 'DPoP' : 'Bearer',
      scope: list.length === 1 ? (list[0]?.requiredScope ?? '') : '',
    },
    cacheSize: whole('cacheSize', options.cacheSize ?? 500, 1e6),
    serverTiming: typeof serverTiming === 'function' ? serverTiming : () => serverTiming,
    now: options.now ?? Date.now,
    onEvent: options.onEvent,
  }
}

function issuerSettings(one: IssuerOptions, service: ServiceOptions): IssuerSettings {
  const { issuer, audience, requiredScope = '', algorithms, requiredClaims, tenant } = one
  const audiences = typeof audience === 'string' ? [audience] : audience
  text('issuer', issuer)
  if (!Array.isArray(audiences) || audiences.length === 0) {
    throw new TypeError('audience: give at least one')
  }
  for (const name of audiences) text('audience', name)
  scopeText('requiredScope', requiredScope)
  const { type = 'vt+jwt', maxTokenAgeSeconds, clockToleranceSeconds = 5 } = one
  const policy: TokenPolicy = {
    issuer,
    audiences,
    type: type === null ? undefined : text('type', type),
    toleranceSeconds: whole('clockToleranceSeconds', clockToleranceSeconds, 60),
    requiredScope,
    requiredClaims: requiredClaims && texts('requiredClaims', requiredClaims),
    maxAgeSeconds:
      maxTokenAgeSeconds === undefined
        ? undefined
        : whole('maxTokenAgeSeconds', maxTokenAgeSeconds, 2 ** 31),
    algorithms: algorithms && algorithmNames(algorithms),
    host: leftToHost,
  }
  const { keys, pinnedKeys, pinnedUntilSeconds } = one
  const { keysTimeoutMs, keysStaleSeconds, waitUntil, fetch, onEvent } = service
  // Where some issuers have fixed keys and others a URL, the cache is for the latter.
  const keysCache = isUrl(keys) ? service.keysCache : undefined
  return {
    policy,
    tenant,
    keys: {
      keys,
      pinnedKeys,
      pinnedUntilSeconds,
      keysCache,
      keysTimeoutMs,
      keysStaleSeconds,
      waitUntil,
      fetch,
      onEvent,
    },
  }
}

function isUrl(keys: Keys): boolean {
  return typeof keys === 'string' || keys instanceof URL
}

function algorithmNames(names: readonly string[]): readonly string[] {
  const known: readonly string[] = signatureAlgorithms
  if (!Array.isArray(names) || names.length === 0 || !names.every((name) => known.includes(name))) {
    throw new TypeError(`algorithms: give some of ${known.join(', ')}`)
  }
  return names
}

function tenantSettings(options: VerifierOptions): TenantSettings | undefined {
  const { issuerFor, issuerForSeconds = 60, maxIssuers = 1000 } = options
  if (issuerFor === undefined) {
    for (const name of ['issuerForSeconds', 'maxIssuers'] as const) {
      if (options[name] !== undefined) throw new TypeError(`${name}: only with \`issuerFor\``)
    }
    return undefined
  }
  if (typeof issuerFor !== 'function') throw new TypeError('issuerFor: has to be a function')
  return {
    async lookUp(issuer) {
      const found = await issuerFor(issuer)
      if (found === undefined) return undefined
      knownOnly(found, issuerOptions)
      return issuerSettings(found, options)
    },
    lifeMs: 1000 * whole('issuerForSeconds', issuerForSeconds, 86_400, 1),
    most: whole('maxIssuers', maxIssuers, 100_000, 1),
  }
}

function possessionSettings(options: ServiceOptions): PossessionSettings | undefined {
  const { publicOrigin, replay } = options
  if (publicOrigin === undefined) {
    if (replay !== undefined && !options.singleUse) {
      throw new TypeError(
        'publicOrigin: needed with `replay`, to compare with what proofs are made for',
      )
    }
    if (options.nonceSecrets !== undefined) {
      throw new TypeError('nonceSecrets: need `publicOrigin` and `replay`')
    }
    return undefined
  }
  if (replay === undefined) {
    throw new TypeError("replay: needed with `publicOrigin`; a ReplayStore, or 'unchecked'")
  }
  const origins = (typeof publicOrigin === 'string' ? [publicOrigin] : publicOrigin).map((one) =>
    origin('publicOrigin', one),
  )
  const [first] = origins
  if (first === undefined) throw new TypeError('publicOrigin: give at least one')
  const { publicPath = pathOf, nonceSecrets } = options
  return {
    publicUrl(request) {
      const own = origins.length > 1 ? new URL(request.url).origin : first
      return (origins.includes(own) ? own : first) + publicPath(request)
    },
    replay: replay === 'unchecked' ? replay : storeFor('replay', replay),
    windowSeconds: whole('proofWindowSeconds', options.proofWindowSeconds ?? 60, 600),
    nonces: nonceSecrets && {
      secrets: texts('nonceSecrets', nonceSecrets),
      periodSeconds: whole('noncePeriodSeconds', options.noncePeriodSeconds ?? 300, 86_400, 10),
      audience: first,
    },
  }
}

/** The path as the request line has it: `URL` leaves escapes alone, the core brings them into normal form. */
function pathOf({ url }: RequestLike): string {
  return new URL(url).pathname
}

function storeFor(option: string, store: ReplayStore | 'unchecked' | undefined): ReplayStore {
  if (typeof store !== 'object' || typeof store?.burn !== 'function') {
    const otherwise = option === 'replay' ? " or 'unchecked'" : ' as `replay`'
    throw new TypeError(`${option}: needs a ReplayStore${otherwise}`)
  }
  return store
}

function unsealSettings({ unsealKeys, sealedOnly = false }: ServiceOptions) {
  if (unsealKeys !== undefined) {
    if (!Array.isArray(unsealKeys) || unsealKeys.length === 0) {
      throw new TypeError('unsealKeys: give at least one')
    }
    return { keys: unsealKeys as readonly RingKey[], required: sealedOnly }
  }
  if (sealedOnly) throw new TypeError('sealedOnly: needs `unsealKeys`')
  return undefined
}

function revocationSources(
  given: RevocationSource | readonly RevocationSource[],
): readonly RevocationSource[] {
  const sources = Array.isArray(given) ? (given as readonly RevocationSource[]) : [given]
  for (const source of sources as readonly RevocationSource[]) {
    if (typeof source?.isRevoked !== 'function') {
      throw new TypeError('revocation: has to be a RevocationSource, or several')
    }
  }
  return sources as readonly RevocationSource[]
}
