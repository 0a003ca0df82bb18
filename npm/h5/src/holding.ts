// What a visit holds: its token, its refresh token and its terms; in memory, and in the record that survives a reload.
import { toLingpaiError } from './errors.js'
import type { Granted } from './exchange.js'
import type { Page } from './page.js'
import type { VisitDurability, VisitRecord } from './record.js'
import type { Party } from './redeem.js'

/** The claims of a visit token. */
export interface VisitClaims {
  /** The authority. */
  iss: string
  /** Whom the token is for. */
  aud: string
  /** Opaque id of the user. */
  sub: string
  /** The partner. */
  client_id: string
  /** What the visit may do: names separated by spaces. */
  scope: string
  /** Id of this token. */
  jti: string
  /** Id of the visit; the same in all its tokens. */
  sid: string
  /** Issued at, Unix seconds of the authority's clock. */
  iat: number
  /** Expires at, Unix seconds of the authority's clock. */
  exp: number
  /** The key that it is bound to. */
  cnf?: { jkt: string }
}

/** The tokens of a visit at one time. */
export interface Holding extends VisitRecord {
  claims: VisitClaims
  issuedAtSeconds: number
  expiresAtSeconds: number
  source: 'issued' | 'cached'
  /** What it survives. */
  durability: VisitDurability
}

/** Takes over what was granted: first into the record, then into use. `launch`: what opened the visit. */
export async function hold(page: Page, granted: Granted, launch: string): Promise<Holding> {
  const record: VisitRecord = {
    token: granted.token,
    refreshToken: granted.refreshToken,
    refreshExpiresAtSeconds: granted.refreshExpiresAtSeconds,
    appKey: granted.appKey,
    terms: granted.terms,
    clockOffsetMs: page.clock.offsetMs(),
    grantedAtSeconds: page.clock.nowSeconds(),
    launch,
    keys: page.settings.keys ? undefined : page.issuerKeys.json(),
  }
  const durability = await page.records.write(record)
  return {
    ...record,
    claims: JSON.parse(granted.claims),
    issuedAtSeconds: granted.issuedAtSeconds,
    expiresAtSeconds: granted.expiresAtSeconds,
    source: 'issued',
    durability,
  }
}

interface VerifiedToken {
  claims: string
  issuedAtSeconds: number
  expiresAtSeconds: number
}

/**
 * Checks a record again, with the issuer's keys and the corrected clock. Nothing if it does not hold; rejects where that
 * could not be found out.
 */
export async function resume(
  page: Page,
  record: VisitRecord,
  signal: AbortSignal,
): Promise<Holding | undefined> {
  try {
    const { engine, clock, issuerKeys } = page
    const { token, terms } = record
    const checking = issuerKeys.check(
      (issuer, vouched) =>
        engine.verifyVisitToken(token, issuer, terms, clock.nowSeconds(), vouched),
      () => token,
      signal,
    )
    const { claims, ...times } = JSON.parse(await checking) as VerifiedToken
    const durability = page.records.durability()
    return { ...record, ...times, claims: JSON.parse(claims), source: 'cached', durability }
  } catch (error) {
    if (signal.aborted || toLingpaiError(error).retryable) throw error
    return undefined
  }
}

/** Who a record is for. */
export function partyOf(record: VisitRecord): Party {
  const { client_id, sub } = JSON.parse(record.terms) as { client_id: string; sub: string }
  return { clientId: client_id, subject: sub }
}

/** Whether two are the same user of the same partner. */
export function isSameParty(one: Party, other: Party): boolean {
  return one.clientId === other.clientId && one.subject === other.subject
}

/** Whether a record was made with the proof key at hand; with another it is of no use. */
export function isOurs(page: Page, record: VisitRecord): boolean {
  return (JSON.parse(record.terms) as { jkt?: string }).jkt === page.proofKey.thumbprint
}
