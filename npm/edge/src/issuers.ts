// The issuers that a verifier believes, and which of them a token has to be checked against.
import type { Engine, VerifyGlue } from './engine.js'
import { LingpaiError } from './error.js'
import type { KeysState } from './keys/index.js'
import type { IssuerSettings, Settings } from './options.js'
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
  /** Loads the key sets of all that are configured. */
  ready(nowMs: number): Promise<void>
  /** The state of all key sets. */
  keySets(nowMs: number): IssuerKeySet[]
}

/** How many issuers that were looked up are kept: which ones are asked for is up to who sends tokens. */
const mostLookedUp = 100

/** Makes the issuers. Throws a `TypeError` that names the option where keys do not do. */
export function issuersOf(engine: Engine<VerifyGlue>, settings: Settings): Issuers {
  const made = (one: IssuerSettings): Issuer => ({
    issuer: one.policy.issuer,
    tenant: one.tenant,
    tokens: tokenCheck(engine, one.policy, one.keys),
  })
  const configured = settings.issuers.map(made)
  const [only] = configured
  const { issuerFor } = settings
  if (only && configured.length === 1 && !issuerFor) {
    // The core compares `iss` anyway.
    return {
      of: async () => only,
      ofSync: () => only,
      async ready(nowMs) {
        await only.tokens.keys(nowMs)
      },
      keySets: (nowMs) => [stateOf(only, nowMs)],
    }
  }
  const byName = new Map(configured.map((one) => [one.issuer, one]))
  const lookedUp = new Map<string, Issuer>()
  const named = (token: string) => engine.call(() => engine.glue.tokenIssuer(token))

  function known(name: string): Issuer | undefined {
    const found = byName.get(name)
    if (found) return found
    const kept = lookedUp.get(name)
    if (kept) {
      lookedUp.delete(name)
      lookedUp.set(name, kept)
    }
    return kept
  }

  return {
    async of(token) {
      const name = named(token)
      const found = known(name)
      if (found) return found
      const options = await issuerFor?.(name)
      if (options === undefined) throw new LingpaiError('issuer_mismatch')
      if (options.policy.issuer !== name) {
        throw new TypeError('issuerFor: gave the options of another issuer')
      }
      // Somebody else may have asked at the same time.
      const issuer = known(name) ?? made(options)
      if (lookedUp.size >= mostLookedUp) lookedUp.delete(lookedUp.keys().next().value as string)
      lookedUp.set(name, issuer)
      return issuer
    },
    ofSync(token) {
      const found = known(named(token))
      if (!found) throw new LingpaiError('issuer_mismatch')
      return found
    },
    async ready(nowMs) {
      await Promise.all(configured.map((one) => one.tokens.keys(nowMs)))
    },
    keySets: (nowMs) => [...configured, ...lookedUp.values()].map((one) => stateOf(one, nowMs)),
  }
}

function stateOf({ issuer, tokens }: Issuer, nowMs: number): IssuerKeySet {
  return { issuer, ...tokens.keysState(nowMs) }
}
