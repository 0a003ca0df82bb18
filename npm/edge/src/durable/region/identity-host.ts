// The identity host of an area: identifiers, sealed, and the opaque ids that they stand for. It has no table for anything else.
import { DurableObject } from 'cloudflare:workers'
import type { Deletion, Verdict } from './fence.js'
import { hostStore } from './host-store.js'
import { regionOf, type RegionClass, type RegionSettings } from './settings.js'

/** An identifier on its way from one area to another, sealed to the key of the other. */
export interface SealedIdentifier {
  type: string
  sealed: string
}

/** A host's answer: the verdict, or whose identifier it is. */
export type PutAnswer = { verdict: Verdict } | { taken: string }

/** How many there are of a type. */
export interface TypeCount {
  type: string
  count: number
}

/** What an identity host can be asked. Each method takes the area first: an object serves one. */
export interface IdentityHost {
  /** The id of an identifier in its one form. */
  find(area: string, type: string, value: string): Promise<string | undefined>
  /** Registers an identifier under a new id. */
  claim(area: string, id: string, type: string, value: string): Promise<PutAnswer>
  /** Puts another identifier in the place of an identity's. */
  change(
    area: string,
    id: string,
    epoch: number,
    write: string,
    type: string,
    value: string,
  ): Promise<PutAnswer>
  /** The identifier of an identity. */
  reveal(
    area: string,
    id: string,
    epoch: number,
  ): Promise<{ verdict: Verdict; type?: string; value?: string }>
  /** Seals the identifier of a frozen identity to the key of another area. */
  copyFor(
    area: string,
    id: string,
    epoch: number,
    to: string,
  ): Promise<{ verdict: Verdict; identifier?: SealedIdentifier; recent?: string[] }>
  /** Keeps a copy that is not in force, and the names of the last writes, so that none of them is done again. */
  stage(
    area: string,
    id: string,
    epoch: number,
    identifier: SealedIdentifier,
    recent?: readonly string[],
  ): Promise<PutAnswer>
  freeze(area: string, id: string, epoch: number): Promise<{ verdict: Verdict }>
  activate(area: string, id: string, epoch: number): Promise<{ verdict: Verdict }>
  /** Deletes the identifier; what was deleted is remembered without it. */
  remove(
    area: string,
    id: string,
    epoch: number,
  ): Promise<{ verdict: Verdict; deletion?: Deletion }>
  /** How many identifiers there are of each type. */
  count(area: string): Promise<TypeCount[]>
}

const table = `CREATE TABLE identifiers
  (id TEXT PRIMARY KEY, type TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, sealed TEXT NOT NULL) WITHOUT ROWID`

/** Gives the class for settings. */
export function identityHost<Env>(
  settingsOf: (env: Env) => RegionSettings,
): RegionClass<Env, IdentityHost> {
  return class RegionIdentityHost extends DurableObject<Env> implements IdentityHost {
    readonly #store = hostStore(this.ctx.storage, 'identity', table)

    async find(area: string, type: string, value: string): Promise<string | undefined> {
      if (!this.#store.exists()) return undefined
      return this.#store.transaction(area, () => this.#owner(area, type, value))
    }

    async claim(area: string, id: string, type: string, value: string): Promise<PutAnswer> {
      return this.#store.transaction(area, () => {
        const owner = this.#owner(area, type, value)
        if (owner !== undefined && owner !== id) return { taken: owner }
        const { verdict } = this.#store.decide(id, { kind: 'claim', epoch: 1 })
        // A claim that is repeated after the identifier has changed must not change it back.
        if (verdict === 'granted' && !this.#row(id)) this.#put(area, id, type, value)
        return { verdict }
      })
    }

    async change(
      area: string,
      id: string,
      epoch: number,
      write: string,
      type: string,
      value: string,
    ): Promise<PutAnswer> {
      return this.#store.transaction(area, () => {
        const owner = this.#owner(area, type, value)
        if (owner !== undefined && owner !== id) return { taken: owner }
        const content = this.#keys.writeContent(area, id, 'change', type, value)
        const { verdict } = this.#store.decide(id, { kind: 'write', epoch, write, content })
        if (verdict === 'granted') this.#put(area, id, type, value)
        return { verdict }
      })
    }

    async reveal(area: string, id: string, epoch: number) {
      return this.#store.transaction(area, () => {
        const { verdict } = this.#store.decide(id, { kind: 'read', epoch })
        const row = verdict === 'granted' && this.#row(id)
        return row ? { verdict, ...this.#opened(area, id, row) } : { verdict }
      })
    }

    async copyFor(area: string, id: string, epoch: number, to: string) {
      return this.#store.transaction(area, () => {
        const { verdict, recent = [] } = this.#store.decide(id, { kind: 'export', epoch })
        const row = verdict === 'granted' && this.#row(id)
        if (!row) return { verdict: verdict === 'granted' ? ('absent' as const) : verdict }
        const { type, value } = this.#opened(area, id, row)
        const sealed = this.#keys.seal(to, 'identifier', id, type, value)
        return { verdict, identifier: { type, sealed }, recent }
      })
    }

    async stage(
      area: string,
      id: string,
      epoch: number,
      { type, sealed }: SealedIdentifier,
      recent: readonly string[] = [],
    ): Promise<PutAnswer> {
      return this.#store.transaction(area, () => {
        const value = this.#keys.open(area, 'identifier', id, type, sealed)
        const owner = this.#owner(area, type, value)
        if (owner !== undefined && owner !== id) return { taken: owner }
        const { verdict } = this.#store.decide(id, { kind: 'stage', epoch, recent })
        if (verdict === 'granted')
          this.#keep(id, type, this.#keys.lookup(area, type, value), sealed)
        return { verdict }
      })
    }

    async freeze(area: string, id: string, epoch: number) {
      return this.#step(area, id, { kind: 'freeze', epoch })
    }

    async activate(area: string, id: string, epoch: number) {
      return this.#step(area, id, { kind: 'activate', epoch })
    }

    async remove(area: string, id: string, epoch: number) {
      return this.#store.transaction(area, () => {
        const items = this.#row(id) ? 1 : 0
        const at = Math.floor(Date.now() / 1000)
        const { verdict, deletion } = this.#store.decide(id, { kind: 'delete', epoch, items, at })
        if (verdict !== 'granted') return { verdict }
        this.#store.sql('DELETE FROM identifiers WHERE id = ?', id)
        return { verdict, ...(deletion && { deletion }) }
      })
    }

    async count(area: string): Promise<TypeCount[]> {
      if (!this.#store.exists()) return []
      const query = 'SELECT type, count(*) AS count FROM identifiers GROUP BY type ORDER BY type'
      return this.#store.transaction(area, () => this.#store.sql(query) as unknown as TypeCount[])
    }

    get #keys() {
      return regionOf(this.env, settingsOf).keys
    }

    #step(area: string, id: string, command: { kind: 'freeze' | 'activate'; epoch: number }) {
      return this.#store.transaction(area, () => ({
        verdict: this.#store.decide(id, command).verdict,
      }))
    }

    #owner(area: string, type: string, value: string): string | undefined {
      const hash = this.#keys.lookup(area, type, value)
      const [row] = this.#store.sql('SELECT id FROM identifiers WHERE hash = ?', hash)
      return row?.['id'] as string | undefined
    }

    #row(id: string): Record<string, unknown> | undefined {
      return this.#store.sql('SELECT type, sealed FROM identifiers WHERE id = ?', id)[0]
    }

    #opened(area: string, id: string, row: Record<string, unknown>) {
      const type = String(row['type'])
      const value = this.#keys.open(area, 'identifier', id, type, String(row['sealed']))
      return { type, value }
    }

    #put(area: string, id: string, type: string, value: string): void {
      const sealed = this.#keys.seal(area, 'identifier', id, type, value)
      this.#keep(id, type, this.#keys.lookup(area, type, value), sealed)
    }

    #keep(id: string, type: string, hash: string, sealed: string): void {
      this.#store.sql(
        'INSERT OR REPLACE INTO identifiers (id, type, hash, sealed) VALUES (?, ?, ?, ?)',
        id,
        type,
        hash,
        sealed,
      )
    }
  }
}
