// The options of an authority, read once.
import { origin, text, whole } from '../option-values.js'
import type { CutOffStore } from '../revocation/cut-off.js'
import type { Jwk, JwkSet, RingKey, SharedKey } from '../types.js'
import type { ClientRegistry } from './clients.js'
import { fixedClients } from './clients.js'
import type { Ledger } from './ledger.js'

/** A partner as it is registered. */
export interface Client {
  clientId: string
  /** The partner's public signing keys, each with `kid`, `use` and `alg`. */
  keys: JwkSet
  /** The public key to which the partner's access tokens are encrypted. */
  encryptionKey: Jwk
  /** The scopes that the partner may ask for. */
  scopes: readonly string[]
  /** The services that visits may be for. */
  audiences: readonly string[]
  /** The origins of the pages that may redeem its access tokens. */
  pages: readonly string[]
  /**
   * `identities` for a client of the service itself, whose subjects are ids of identities: they become the `sub` of its tokens
   * as they are. Such a client can speak for anybody. Default: `own`, subjects of the client's own, which become opaque.
   */
  subjects?: 'own' | 'identities' | undefined
  /** `false` ends issuing and refreshing at once. Default: true. */
  enabled?: boolean | undefined
}

/** Options of `createAuthority`. */
export interface AuthorityOptions {
  /** The address that tokens name as their issuer. */
  issuer: string
  /** The address to which pages send requests. Default: the issuer. */
  gateway?: string | undefined
  /** Private keys that sign: Ed25519 or P-256, each with `kid`, `use: "sig"` and `alg`. */
  signingKeys: readonly RingKey[]
  /** Private keys to which pages encrypt (AppKeys): X25519 or P-256, each with `kid`, `use: "enc"` and `alg`. */
  appKeys: readonly RingKey[]
  /** Keys from which refresh tokens are derived. Without a serving one, visits cannot be refreshed. */
  refreshKeys: readonly RingKey<SharedKey>[]
  /** The key from which opaque subjects are derived. It never changes: users would become strangers. */
  subjectKey: SharedKey
  /** The registered partners. */
  clients: readonly Client[] | ClientRegistry
  /** Where single use, refresh chains and revocation are kept. */
  ledger: Ledger
  /**
   * Cut-offs of subjects, such as the durable ledger has them: a visit that began before one is ended when it is opened or
   * refreshed. Subjects are those that tokens name (`sub`). Default: none.
   */
  cutOffs?: Pick<CutOffStore, 'cutOffOf'> | undefined
  /**
   * Whether an identity was erased, or is being erased: asked before a client with `subjects: 'identities'` gets an access token, and
   * before a visit in the name of an identity is opened or refreshed. A cut-off alone ends what was issued before it. Default: never.
   */
  isErased?: ((subject: string) => Promise<boolean>) | undefined
  /** How far other clocks may differ. Default: 5. */
  clockToleranceSeconds?: number | undefined
  /** How old a proof may be, and how far ahead of our clock. Default: 60. */
  proofWindowSeconds?: number | undefined
  /** Life of an access token. Default: 120, which is the most. */
  accessTokenLifetimeSeconds?: number | undefined
  /** Life of a visit token. Default: 900, which is the most. */
  visitLifetimeSeconds?: number | undefined
  /** How long a visit may be refreshed; 0 for never. Only visits bound to a proof key are refreshed. Default: 28800. */
  refreshLifetimeSeconds?: number | undefined
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
}

/** The same, checked. */
export interface Settings {
  issuer: string
  gateway: string
  /** What the core reads. */
  config: string
  clients: ClientRegistry
  ledger: Ledger
  cutOffs: Pick<CutOffStore, 'cutOffOf'> | undefined
  /** Whether a subject of a client is an identity that was erased. */
  isErased(client: Client | undefined, subject: string): Promise<boolean>
  lifetimes: { accessToken: number; visit: number; refresh: number }
  now: () => number
}

/** Checks options. */
export function readOptions(options: AuthorityOptions): Settings {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: missing')
  const { clients, ledger, cutOffs, isErased } = options
  const issuer = text('issuer', options.issuer)
  const gateway = text('gateway', options.gateway ?? issuer)
  for (const name of ['signingKeys', 'appKeys', 'refreshKeys'] as const) {
    if (!Array.isArray(options[name])) throw new TypeError(`${name}: has to be an array of { key }`)
  }
  for (const name of ['decide', 'revoke', 'isRevoked', 'burn'] as const) {
    if (typeof ledger?.[name] !== 'function') throw new TypeError(`ledger: has no ${name}()`)
  }
  if (cutOffs !== undefined && typeof cutOffs?.cutOffOf !== 'function') {
    throw new TypeError('cutOffs: has no cutOffOf()')
  }
  if (isErased !== undefined && typeof isErased !== 'function') {
    throw new TypeError('isErased: has to be a function')
  }
  const lifetimes = {
    accessToken: whole(
      'accessTokenLifetimeSeconds',
      options.accessTokenLifetimeSeconds ?? 120,
      120,
    ),
    visit: whole('visitLifetimeSeconds', options.visitLifetimeSeconds ?? 900, 900),
    refresh: whole('refreshLifetimeSeconds', options.refreshLifetimeSeconds ?? 28_800, 31_536_000),
  }
  const config = JSON.stringify({
    issuer,
    gateway,
    signingKeys: options.signingKeys,
    appKeys: options.appKeys,
    refreshKeys: options.refreshKeys,
    subjectKey: options.subjectKey,
    toleranceSeconds: whole('clockToleranceSeconds', options.clockToleranceSeconds ?? 5, 600),
    proofWindowSeconds: whole('proofWindowSeconds', options.proofWindowSeconds ?? 60, 600),
    accessTokenLifetimeSeconds: lifetimes.accessToken,
    visitLifetimeSeconds: lifetimes.visit,
    refreshLifetimeSeconds: lifetimes.refresh,
  })
  return {
    issuer,
    gateway,
    config,
    clients: registryOf(clients),
    ledger,
    cutOffs,
    isErased: async (client, subject) =>
      client?.subjects === 'identities' && isErased !== undefined && (await isErased(subject)),
    lifetimes,
    now: options.now ?? Date.now,
  }
}

function registryOf(clients: readonly Client[] | ClientRegistry): ClientRegistry {
  if (!Array.isArray(clients)) {
    const registry = clients as ClientRegistry
    if (typeof registry?.find === 'function' && typeof registry.hasPage === 'function') {
      return registry
    }
    throw new TypeError('clients: has to be an array of clients or a ClientRegistry')
  }
  for (const client of clients as readonly Client[]) {
    text('clients: clientId', client?.clientId)
    for (const page of client.pages) origin(`clients: pages of ${client.clientId}`, page)
  }
  return fixedClients(clients as readonly Client[])
}
