// The options of a vault, read once.
import { text, whole } from '../option-values.js'
import type { Claims, ReplayStore, RingKey, SharedKey } from '../types.js'
import type { Verifier } from '../verifier.js'
import type { VaultStore } from './store.js'

/** What a field holds: which values are live ones of it, how they are spelled, and what its tokens look like. */
export type FieldKind = 'card.1' | 'email.1' | 'identity.1' | 'phone.1' | 'text.1'

/** A field whose values are tokenized. */
export interface VaultField {
  /** Its name, which scopes name too: `tokenize:<name>`, `reveal:<name>`. */
  name: string
  kind: FieldKind
  /** How many tokens an install may hold ready for an outage, at most 256; 0 for none. Default: 32. */
  pool?: number | undefined
  /** Whether installs may make provisional tokens in an outage. Default: true. */
  provisional?: boolean | undefined
  /** How many tokens an install may give out by itself under one policy. Default: 1000. */
  max?: number | undefined
  /** How many all policies of one subject may allow together at any time. Default: four times `max`. */
  maxPerSubject?: number | undefined
  /**
   * How many operations one install may have reconciled in an hour, counting what comes again; all installs of a subject together
   * four times as many. Default: twice `max`, at least 50000.
   */
  operationsPerHour?: number | undefined
  /** How many values one subject may have tokenized in an hour, and of how many tokens ask for the canonical one. Default: 10000. */
  tokensPerHour?: number | undefined
  /** How many values one subject may have revealed in an hour. Default: 100. */
  revealsPerHour?: number | undefined
}

/** Options of `createVault`. */
export interface VaultOptions {
  /** The address that policies name as their issuer: the authority's. */
  issuer: string
  /** The address to which requests are sent. Default: the issuer. */
  gateway?: string | undefined
  /** Private keys that sign policies: the authority's. A policy needs its key until it is reconciled. */
  signingKeys: readonly RingKey[]
  /** Private keys to which operations are sealed: X25519 (which every page has) or P-256, each with `kid`, `use: "enc"`, `alg`. */
  sealKeys: readonly RingKey[]
  /** Keys that values are kept under, 32 bytes or more, each with a `kid`. Values follow the one that serves. */
  dataKeys: readonly RingKey<SharedKey>[]
  /** The key that fingerprints, install ids and the order of tokens come from. It never changes: nothing could be found again. */
  indexKey: SharedKey
  /** In how many shards a tenant's values are kept, at most 4096. It never changes, for the same reason. Default: 64. */
  shards?: number | undefined
  fields: readonly VaultField[]
  /** Where everything is kept: `durableVault(env.TOKEN_VAULT)`. */
  store: VaultStore
  /** Verifies visit tokens and their proofs. */
  verifier: Pick<Verifier, 'verify' | 'refusal'>
  /** Where proofs that come with policies are used up. */
  replay: ReplayStore
  /** Whose values a caller works with. Default: those of the partner, `client_id`. */
  tenantOf?: ((claims: Claims) => string) | undefined
  /** How long tokens may be made under a policy; at most a day. Default: 86400. */
  policyLifetimeSeconds?: number | undefined
  /** How long after the issue of a policy operations are taken; at most 30 days. Default: 604800. */
  reconcileSeconds?: number | undefined
  /** How long tokens of a pool may be given out. Default: 86400. */
  leaseSeconds?: number | undefined
  /** How long entries of the audit trail are kept. Default: 31536000. */
  auditRetentionSeconds?: number | undefined
  /** How old a proof may be, and how far ahead of our clock. Default: 60. */
  proofWindowSeconds?: number | undefined
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
  /** Told what an operator has to know. Must not throw. */
  onEvent?: ((event: VaultEvent) => void) | undefined
}

/** What an operator has to know. */
export type VaultEvent =
  /** A store did not answer. */
  | { type: 'unavailable'; cause: unknown }
  /** Operations came that are sealed to a key which is not in the ring any more. They wait with their tokenizers. */
  | { type: 'seal_key_missing'; operations: number }
  /** A shard has given out every token of a field. */
  | { type: 'exhausted'; field: string; shard: number }

/** A field with every default. */
export type SetField = Required<{ [K in keyof VaultField]: NonNullable<VaultField[K]> }>

/** The options, checked. */
export interface VaultSettings {
  /** What the core reads. */
  config: string
  reconcileUrl: string
  fields: ReadonlyMap<string, SetField>
  shards: number
  store: VaultStore
  verifier: Pick<Verifier, 'verify' | 'refusal'>
  replay: ReplayStore
  tenantOf: (claims: Claims) => string
  seconds: { reconcile: number; lease: number; auditRetention: number; proofWindow: number }
  now: () => number
  onEvent: (event: VaultEvent) => void
}

const day = 86_400

/** Checks options. */
export function readOptions(options: VaultOptions): VaultSettings {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: missing')
  const issuer = text('issuer', options.issuer)
  const gateway = text('gateway', options.gateway ?? issuer)
  for (const name of ['signingKeys', 'sealKeys', 'dataKeys'] as const) {
    if (!Array.isArray(options[name])) throw new TypeError(`${name}: has to be an array of { key }`)
  }
  if (typeof options.verifier?.verify !== 'function') {
    throw new TypeError('verifier: has no verify()')
  }
  if (typeof options.replay?.burn !== 'function') throw new TypeError('replay: has no burn()')
  for (const name of ['holder', 'shard'] as const) {
    if (typeof options.store?.[name] !== 'function') throw new TypeError(`store: has no ${name}()`)
  }
  const shards = whole('shards', options.shards ?? 64, 4096, 1)
  const fields = readFields(options.fields)
  const lifetime = whole('policyLifetimeSeconds', options.policyLifetimeSeconds ?? day, day, 1)
  const reconcile = whole(
    'reconcileSeconds',
    options.reconcileSeconds ?? 7 * day,
    30 * day,
    lifetime,
  )
  const config = JSON.stringify({
    issuer,
    gateway,
    signingKeys: options.signingKeys,
    sealKeys: options.sealKeys,
    dataKeys: options.dataKeys,
    indexKey: options.indexKey,
    shards,
    fields: [...fields.values()],
    policyLifetimeSeconds: lifetime,
    reconcileSeconds: reconcile,
  })
  return {
    config,
    reconcileUrl: `${gateway.replace(/\/$/, '')}/v1/reconcile`,
    fields,
    shards,
    store: options.store,
    verifier: options.verifier,
    replay: options.replay,
    tenantOf: options.tenantOf ?? (({ client_id }) => client_id ?? ''),
    seconds: {
      reconcile,
      lease: whole('leaseSeconds', options.leaseSeconds ?? day, 30 * day, 1),
      auditRetention: whole(
        'auditRetentionSeconds',
        options.auditRetentionSeconds ?? 365 * day,
        100 * 365 * day,
        day,
      ),
      proofWindow: whole('proofWindowSeconds', options.proofWindowSeconds ?? 60, 600),
    },
    now: options.now ?? Date.now,
    onEvent: options.onEvent ?? (() => undefined),
  }
}

function readFields(given: unknown): Map<string, SetField> {
  if (!Array.isArray(given) || given.length === 0) throw new TypeError('fields: give at least one')
  const fields = new Map<string, SetField>()
  for (const field of given as VaultField[]) {
    const name = text('fields: name', field?.name)
    if (fields.has(name)) throw new TypeError(`fields: ${name} occurs twice`)
    const number = (member: keyof VaultField, standard: number, most: number) =>
      whole(`fields: ${member} of ${name}`, field[member] ?? standard, most)
    const max = number('max', 1000, 1_000_000)
    fields.set(name, {
      name,
      kind: text(`fields: kind of ${name}`, field.kind) as FieldKind,
      pool: number('pool', 32, 256),
      provisional: field.provisional ?? true,
      max,
      maxPerSubject: number('maxPerSubject', Math.min(4 * max, 1_000_000), 1_000_000),
      operationsPerHour: number('operationsPerHour', Math.max(50_000, 2 * max), 1_000_000_000),
      tokensPerHour: number('tokensPerHour', 10_000, 1_000_000_000),
      revealsPerHour: number('revealsPerHour', 100, 1_000_000_000),
    })
  }
  return fields
}
