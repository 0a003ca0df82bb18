// What the parts of one tokenizer share.
import type { IssuerKeys } from '../issuer-keys.js'
import type { Circuit } from './circuit.js'
import type { Engine } from './engine.js'
import type { Emit } from './events.js'
import type { Settings } from './options.js'
import type { Policies } from './policies.js'
import type { GuardedStore } from './guarded-store.js'
import type { Transact } from './transact.js'
import type { Vault } from './vault.js'

/** A tokenizer at work. */
export interface Parts {
  engine: Engine
  settings: Settings
  store: GuardedStore
  transact: Transact
  vault: Vault
  issuerKeys: IssuerKeys
  circuit: Circuit
  policies: Policies
  emit: Emit
  /** Names this tokenizer among those who send, also after a trap. */
  owner: string
  /** Aborted when the tokenizer is closed, or its module has trapped. */
  closed: AbortSignal
  /** The issuer's time as far as it is known, in seconds. */
  nowSeconds(): number
  /** The device's own clock, in milliseconds. */
  nowMs(): number
  /** What was last seen of the account. */
  ledger: Ledger
}

/** What the store's account says, as it was last seen. */
export interface Ledger {
  pending: number
  done: number
  dead: number
  lost: number
}

/** The same as the module gives it. */
export interface AccountFacts extends Ledger {
  install: string
  policy: string
  policyKey: string
  made: number
}

/** The key of the account. */
export const accountKey = 'account'
