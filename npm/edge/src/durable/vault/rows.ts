// What the objects of a vault keep, and the tables for it. An object is either a holder's (policies, operations, rates) or a
// shard (values, tokens, audit trail); which of the two follows from its name.

/** A value of SQLite as it is bound. */
export type Bound = string | number | null

/** Runs a statement. */
export type Run = (query: string, ...bindings: Bound[]) => Record<string, unknown>[]

/** Tables of a holder. Everything in them has an end. */
export const holderTables = [
  'CREATE TABLE IF NOT EXISTS policies (jti TEXT PRIMARY KEY, granted TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS used (jti TEXT NOT NULL, field TEXT NOT NULL, count INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (jti, field)) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS ops (op TEXT PRIMARY KEY, memory TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS leases (lease TEXT PRIMARY KEY, field TEXT NOT NULL, count INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS rates (name TEXT PRIMARY KEY, count INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
]

/** The tables of a holder whose rows end at `until`. */
export const endingTables = ['policies', 'used', 'ops', 'leases', 'rates'] as const

/**
 * Tables of a shard. `values_` has a row for each value that was ever registered: after an erasure without its fingerprint and
 * record, but with its tokens. `tokens` has those that did not come into being with their value: provisional and leased ones.
 */
export const shardTables = [
  'CREATE TABLE IF NOT EXISTS values_ (value TEXT PRIMARY KEY, fingerprint TEXT UNIQUE, field TEXT NOT NULL, count INTEGER NOT NULL, record TEXT, kid TEXT)',
  'CREATE UNIQUE INDEX IF NOT EXISTS values_by_count ON values_ (field, count)',
  'CREATE INDEX IF NOT EXISTS values_by_kid ON values_ (kid)',
  'CREATE TABLE IF NOT EXISTS tokens (field TEXT NOT NULL, token TEXT NOT NULL, lease TEXT, holder TEXT, mark TEXT, value TEXT, shard INTEGER, until INTEGER, PRIMARY KEY (field, token)) WITHOUT ROWID',
  'CREATE INDEX IF NOT EXISTS tokens_by_end ON tokens (until)',
  'CREATE TABLE IF NOT EXISTS owners (holder TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (holder, value)) WITHOUT ROWID',
  'CREATE INDEX IF NOT EXISTS owners_by_value ON owners (value)',
  'CREATE TABLE IF NOT EXISTS erased (holder TEXT PRIMARY KEY, items INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS counters (field TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, until INTEGER NOT NULL, entry TEXT NOT NULL, link TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID',
]

/** A value that a shard may have to register. */
export interface Registration {
  fingerprint: string
  field: string
  /** The id of the value, if it is new. */
  value: string
  /** The value under the data key, if it is new. */
  record: string
  /** How many tokens the shard may give out of this field. */
  limit: number
}

/** A value as it is known. */
export interface Registered {
  value: string
  /** The count of its canonical token among the shard's. */
  count: number
}

/** A token that an operation wants to stand for a value. */
export interface TokenClaim {
  token: string
  field: string
  mark: string
  lease?: string
  holder?: string
}

/** What became of a claim; a status is a refusal. */
export interface TokenClaimed {
  value?: string
  /** The shard of that value. */
  shard?: number
  status?: 'conflict' | 'refused'
  error?: string
}

/** A token that is to stand for a value of a shard. */
export interface TokenBinding {
  token: string
  field: string
  mark: string
  value: string
  shard: number
}

/** What a token stands for. */
export interface TokenMeaning {
  value: string
  shard: number
}

/** Who asks, as the audit trail names it. */
export interface Actor {
  subject?: string
  client?: string
  visit?: string
  token?: string
}

/** An entry of the audit trail. */
export interface AuditEntry {
  shard?: number
  seq: number
  /** Unix seconds. */
  at: number
  what: 'reveal' | 'erase'
  tenant: string
  field: string
  /** The id of the value; the value itself is nowhere in the trail. */
  value: string
  /** Whether there was a value left to reveal or to erase. */
  found: boolean
  by: Actor
  /** The hash of the entry before and of this one. */
  link: string
}
