// What the parts of one tokenizer share.
import type { Engine } from '../engine/engine'
import type { Holder, Kit } from '../kit'
import type { Circuit } from './circuit'
import type { Emit } from './events'
import type { Policies } from './policies'
import type { RowStore } from './store'
import type { Transact } from './transact'
import type { Vault } from './vault'

/** A tokenizer at work. */
export interface Parts {
  kit: Kit
  holder: Holder
  /** The tokenizer's own module. */
  engine: Engine
  issuer: string
  keys: object | undefined
  onlineTimeoutMs: number
  store: RowStore
  transact: Transact
  vault: Vault
  circuit: Circuit
  policies: Policies
  emit: Emit
  /** Notes in the record that there is a store, so that it is missed if it is not there. */
  note(): Promise<void>
  /** Whether it was closed. */
  closed(): boolean
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
  policyKey: string
  made: number
}

/** Takes over what an account says. */
export function see(ledger: Ledger, { pending, done, dead, lost }: AccountFacts): void {
  Object.assign(ledger, { pending, done, dead, lost })
}

/** Rejects what is called after the end. */
export function checkOpen({ kit, closed }: Pick<Parts, 'kit' | 'closed'>): void {
  if (closed()) throw new kit.LingpaiError('closed')
}
