// The issuers that a verifier believes, and which of them a token has to be checked against.
import type { Engine, VerifyGlue } from './engine.js'
import { LingpaiError } from './error.js'
import type { KeysState } from './keys/index.js'
import type { IssuerSettings, Settings } from './options.js'
import { tenantsOf } from './tenants.js'
import { tokenCheck, type TokenCheck } from './token-check.js'

/** One issuer with its keys. */
export interface Issuer {
  readonly issuer: string
  readonly tenant: string | undefined
  readonly tokens: TokenCheck
}

/** The state of an issuer's key set. */
export interface IssuerKeySet extends KeysState {
  readonly issuer: string
}

/** All issuers. */
export interface Issuers {
  /** The one that a token names; `issuer_mismatch` for any other. The token itself is not checked yet. */
  of(token: string): Promise<Issuer>
  /** The same among those that are known without asking. */
  ofSync(token: string): Issuer
  /** Whether an issuer is still to be gone by: one that was looked up may have to be looked up again. */
  isCurrent(issuer: Issuer): boolean
  /** Notes that an issuer has signed a token. */
  proved(issuer: Issuer): void
  /** Loads the key sets of all that are configured. */
  ready(): Promise<void>
  /** The state of all key sets. */
  keySets(): IssuerKeySet[]
}

/** Makes the issuers. Throws a `TypeError` that names the option where keys do not do. */
export function issuersOf(engine: Engine<VerifyGlue>, settings: Settings): Issuers {
  const { now } = settings
  const make = ({ policy, tenant, keys }: IssuerSettings): Issuer => ({
    issuer: policy.issuer,
    tenant,
    tokens: tokenCheck(engine, policy, keys),
  })
  const configured = settings.issuers.map(make)
  const byName = new Map(configured.map((one) => [one.issuer, one]))
  const tenants = settings.tenants && tenantsOf(settings.tenants, make)
  // The core compares `iss` anyway.
  const only = configured.length === 1 && !tenants ? configured[0] : undefined
  const named = (token: string) => engine.call(() => engine.glue.tokenIssuer(token))

  return {
    async of(token) {
      if (only) return only
      const name = named(token)
      const found = byName.get(name) ?? (await tenants?.find(name, now))
      if (!found) throw new LingpaiError('issuer_mismatch')
      return found
    },
    ofSync(token) {
      if (only) return only
      const name = named(token)
      const found = byName.get(name) ?? tenants?.findSync(name, now())
      if (!found) throw new LingpaiError('issuer_mismatch')
      return found
    },
    isCurrent: (issuer) =>
      !tenants || byName.get(issuer.issuer) === issuer || tenants.isCurrent(issuer, now()),
    proved: (issuer) => tenants?.proved(issuer),
    async ready() {
      await Promise.all(configured.map((one) => one.tokens.keys(now())))
    },
    keySets: () =>
      [...configured, ...(tenants?.all() ?? [])].map(({ issuer, tokens }) => ({
        issuer,
        ...tokens.keysState(now()),
      })),
  }
}
