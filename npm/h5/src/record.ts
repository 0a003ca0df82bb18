// The record of a visit that lets a reload go on: sealed in sessionStorage under a key that cannot leave the browser.
import type { Emit } from './events.js'
import type { PageKeys } from './wasm/lingpai_h5_bg.js'

/** What has to be known to go on with a visit. */
export interface VisitRecord {
  token: string
  refreshToken?: string | undefined
  refreshExpiresAtSeconds: number
  /** The AppKey for the next request, a JWK as JSON. */
  appKey: string
  /** What every later token has to keep, as JSON. */
  terms: string
  clockOffsetMs: number
  /** The authority's time when this was granted. */
  grantedAtSeconds: number
  /** Fingerprint of the access token that opened the visit. */
  launch: string
  /** The issuer's keys, as JSON. */
  keys?: string | undefined
}

/** Where the record of this tab is kept. */
export interface Records {
  read(): Promise<VisitRecord | undefined>
  /** What a record that is found here survives. */
  durability(): VisitDurability
  /** Returns what it survives now. */
  write(record: VisitRecord): Promise<VisitDurability>
  /** Wipes `record`, or what came of it; where tabs share a place, not what came of another launch. */
  wipe(record?: VisitRecord): void
  /** Wipes, and writes nothing any more. Where tabs share a place: whatever visit its user has there. */
  close(record: VisitRecord): Promise<void>
  /** Writes nothing any more, and leaves what is there. */
  leave(): void
}

/**
 * What a visit survives: nothing beyond this page's `memory`; a reload of its `tab`; or, shared by the tabs of its origin, the end
 * of the browser, as surely as the browser keeps it (`strict`, `relaxed`), or as it likes (`best_effort`).
 */
export type VisitDurability = 'tab' | 'memory' | 'strict' | 'relaxed' | 'best_effort'

const version = 2

/** The place for the record of a slot; nowhere if the keys do not seal it. */
export function createRecords(keys: PageKeys, seals: boolean, slot: string, emit: Emit): Records {
  const name = `lingpai:visit ${slot}`
  let failed = false
  let closed = false
  return {
    durability: () => 'tab',
    leave: () => void (closed = true),
    async read() {
      if (!seals) return undefined
      try {
        const sealed = sessionStorage.getItem(name)
        if (sealed === null) return undefined
        const record = JSON.parse(await keys.unseal(sealed))
        return record.version === version ? record : undefined
      } catch {
        // Altered, or sealed under a key that is gone: of no use to anybody.
        this.wipe()
        return undefined
      }
    },
    async write(record) {
      if (!seals) return 'memory'
      try {
        const sealed = await keys.seal(JSON.stringify({ version, ...record }))
        if (closed) return 'memory'
        sessionStorage.setItem(name, sealed)
        failed = false
      } catch {
        if (!failed) emit({ type: 'storage_unavailable', what: 'visit' })
        failed = true
        // What is there is older than what is known: a reload must not spend its refresh token again.
        this.wipe()
      }
      return failed ? 'memory' : 'tab'
    },
    async close() {
      closed = true
      this.wipe()
    },
    wipe() {
      try {
        sessionStorage.removeItem(name)
      } catch {
        // Then there is nothing to wipe.
      }
    },
  }
}
