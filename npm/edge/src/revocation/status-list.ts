// The statuses of many tokens, packed as a Status List has them (draft-ietf-oauth-status-list §4).
import { base64UrlBytes } from '../base64url.js'
import { LingpaiError } from '../error.js'
import { inflate } from './inflate.js'

/** Statuses of 1, 2, 4 or 8 bits each, the first in the lowest bits of the first byte. */
export interface StatusList {
  readonly bits: 1 | 2 | 4 | 8
  readonly bytes: Uint8Array
}

/** Status types (draft §7.1). */
export const status = { valid: 0, invalid: 1, suspended: 2 } as const

/** Reads the claim `status_list` of a Status List Token whose signature was verified. Inflates at most `mostBytes`. */
export async function readStatusList(claim: unknown, mostBytes: number): Promise<StatusList> {
  const { bits, lst } = (claim ?? {}) as { bits?: unknown; lst?: unknown }
  if (bits !== 1 && bits !== 2 && bits !== 4 && bits !== 8) throw invalid('bits')
  if (typeof lst !== 'string' || !/^[\w-]+$/.test(lst)) throw invalid('lst')
  return { bits, bytes: await inflate(decoded(lst), mostBytes) }
}

/** The status of a token, or `undefined` where the list does not go that far. */
export function statusAt({ bits, bytes }: StatusList, index: number): number | undefined {
  const perByte = 8 / bits
  const byte = bytes[Math.floor(index / perByte)]
  if (byte === undefined) return undefined
  return (byte >> ((index % perByte) * bits)) & (2 ** bits - 1)
}

function decoded(lst: string): Uint8Array<ArrayBuffer> {
  try {
    return base64UrlBytes(lst)
  } catch {
    throw invalid('lst')
  }
}

function invalid(member: string): LingpaiError {
  return new LingpaiError('claim_invalid', { message: `claim_invalid (status_list.${member})` })
}
