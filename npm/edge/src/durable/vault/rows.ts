// What the objects of a vault are asked for and answer. An object is either a holder's (policies, operations, rates) or a shard
// (values, tokens, audit trail); which of the two follows from its name.

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
  lease?: string
  holder?: string
}

/** What became of a claim; a status is a refusal. */
export interface TokenClaimed {
  value?: string
  /** The shard of that value. */
  shard?: number
  status?: 'refused'
  error?: string
}

/** A token that is to stand for a value of a shard. */
export interface TokenBinding {
  token: string
  field: string
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
