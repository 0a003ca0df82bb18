// What is kept between two starts: one record under one key, whole or not at all. A record that was cut off, mixed up or
// written by a later version is not half-believed.
import { operations } from './engine/operations'
import type { Engine } from './engine/engine'
import { LingpaiError } from './errors'
import { utf8 } from './text'

/** A token as it is kept. Times are seconds of the gateway's clock. */
export interface KeptToken {
  text: string
  type: 'DPoP' | 'Bearer'
  scope: string
  subject: string
  issuedAtSeconds: number
  expiresAtSeconds: number
}

/** A login code that is on its way to the gateway. */
export interface PendingLogin {
  code: string
  kind: string
  request?: string
  sentAtMs: number
}

/** What a visit needs for its next refresh. */
export interface VisitTerms {
  appKey: string
  terms: string
  /** The page that the AT named. */
  page: string
}

/** One token with what renews it. */
export interface Grant {
  token?: KeptToken
  refreshToken?: string
  visit?: VisitTerms
}

/** The whole record. */
export interface MiniRecord {
  /** Whose record it is: a hash of host, gateway, client and audience. */
  owner: string
  /** The secret of the proof key, base64url. */
  key?: string
  /** The gateway's clock less the device's, in milliseconds. */
  clockOffsetMs: number
  /** Of the last draw of randomness, to notice a source that gives the same after each start. */
  entropy?: string
  pending?: PendingLogin
  login: Grant
  visit: Grant
  /** Stores of tokenizers that there are, so that one that was cleared is missed. */
  stores?: string[]
}

/** Platforms give a key between 200 KB and 1 MB; a record that grows beyond this is a fault. */
export const maxRecordBytes = 8192

const prefix = 'lp1.'

/** An empty record. */
export function emptyRecord(owner: string): MiniRecord {
  return { owner, clockOffsetMs: 0, login: {}, visit: {} }
}

/** The text of a record. Throws `limit_exceeded`. */
export function writeRecord(engine: Engine, record: MiniRecord): string {
  const json = JSON.stringify(record)
  const text = `${prefix}${checksum(engine, json)}.${json}`
  if (utf8(text).length > maxRecordBytes) throw new LingpaiError('limit_exceeded')
  return text
}

/** The record in a text, or nothing where there is none that is whole, of this version, and of this owner. */
export function readRecord(engine: Engine, text: string, owner: string): MiniRecord | undefined {
  const dot = text.indexOf('.', prefix.length)
  if (text.indexOf(prefix) !== 0 || dot < 0) return undefined
  const json = text.slice(dot + 1)
  if (text.slice(prefix.length, dot) !== checksum(engine, json)) return undefined
  const record = JSON.parse(json) as MiniRecord
  return record.owner === owner && record.login && record.visit ? record : undefined
}

function checksum(engine: Engine, json: string): string {
  return engine.text(operations.encode, engine.call(operations.sha256, json).slice(0, 16))
}
