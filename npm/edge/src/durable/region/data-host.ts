// A data host of an area: values by opaque id and type, sealed. It has no table for identifiers and no method that takes one.
import { DurableObject } from 'cloudflare:workers'
import type { Deletion, FenceCommand, Verdict } from './fence.js'
import { hostStore } from './host-store.js'
import type { TypeCount } from './identity-host.js'
import { regionOf, type RegionClass, type RegionSettings } from './settings.js'

/** Values by type: plain ones, or on their way to another area ones that are sealed to its key. */
export type Items = Record<string, string>

/** What a data host can be asked. Each method takes the area first: an object serves one. */
export interface DataHost {
  /** All values of an identity, or the one of a type. */
  read(
    area: string,
    id: string,
    epoch: number,
    type?: string,
  ): Promise<{ verdict: Verdict; items?: Items }>
  /** Puts a value in the place of what there is. */
  put(
    area: string,
    id: string,
    epoch: number,
    write: string,
    type: string,
    value: string,
  ): Promise<{ verdict: Verdict }>
  /** Deletes the value of a type. */
  drop(
    area: string,
    id: string,
    epoch: number,
    write: string,
    type: string,
  ): Promise<{ verdict: Verdict }>
  /** Seals the values of a frozen identity to the key of another area. */
  copyFor(
    area: string,
    id: string,
    epoch: number,
    to: string,
  ): Promise<{ verdict: Verdict; items?: Items; recent?: string[] }>
  /** Keeps copies that are not in force, and the names of the last writes, so that none of them is done again. */
  stage(
    area: string,
    id: string,
    epoch: number,
    items: Items,
    recent?: readonly string[],
  ): Promise<{ verdict: Verdict }>
  freeze(area: string, id: string, epoch: number): Promise<{ verdict: Verdict }>
  activate(area: string, id: string, epoch: number): Promise<{ verdict: Verdict }>
  /** Deletes all values; how many is remembered. */
  remove(
    area: string,
    id: string,
    epoch: number,
  ): Promise<{ verdict: Verdict; deletion?: Deletion }>
  /** How many values there are of each type. */
  count(area: string): Promise<TypeCount[]>
}

const table = `CREATE TABLE items
  (id TEXT NOT NULL, type TEXT NOT NULL, sealed TEXT NOT NULL, PRIMARY KEY (id, type)) WITHOUT ROWID`

/** Gives the class for settings. */
export function dataHost<Env>(
  settingsOf: (env: Env) => RegionSettings,
): RegionClass<Env, DataHost> {
  return class RegionDataHost extends DurableObject<Env> implements DataHost {
    readonly #store = hostStore(this.ctx.storage, 'data', table)

    async read(area: string, id: string, epoch: number, type?: string) {
      if (!this.#store.exists()) return { verdict: 'granted' as const, items: {} }
      return this.#store.transaction(area, () => {
        const { verdict } = this.#store.decide(id, { kind: 'read', epoch })
        return verdict === 'granted' ? { verdict, items: this.#items(area, id, type) } : { verdict }
      })
    }

    async put(area: string, id: string, epoch: number, write: string, type: string, value: string) {
      const content = this.#keys.writeContent(area, id, 'put', type, value)
      return this.#write(area, id, { kind: 'write', epoch, write, content }, () =>
        this.#keep(id, type, this.#keys.seal(area, 'data', id, type, value)),
      )
    }

    async drop(area: string, id: string, epoch: number, write: string, type: string) {
      const content = this.#keys.writeContent(area, id, 'drop', type, '')
      return this.#write(area, id, { kind: 'write', epoch, write, content }, () =>
        this.#store.sql('DELETE FROM items WHERE id = ? AND type = ?', id, type),
      )
    }

    async copyFor(area: string, id: string, epoch: number, to: string) {
      return this.#store.transaction(area, () => {
        const { verdict, recent = [] } = this.#store.decide(id, { kind: 'export', epoch })
        if (verdict !== 'granted') return { verdict }
        const values = Object.entries(this.#items(area, id))
        const sealed = values.map(([type, value]) => [
          type,
          this.#keys.seal(to, 'data', id, type, value),
        ])
        return { verdict, items: Object.fromEntries(sealed) as Items, recent }
      })
    }

    async stage(
      area: string,
      id: string,
      epoch: number,
      items: Items,
      recent: readonly string[] = [],
    ) {
      return this.#write(area, id, { kind: 'stage', epoch, recent }, () => {
        this.#store.sql('DELETE FROM items WHERE id = ?', id)
        for (const [type, sealed] of Object.entries(items)) {
          // Opened to see that it can be: a copy that nobody can read is none.
          this.#keys.open(area, 'data', id, type, sealed)
          this.#keep(id, type, sealed)
        }
      })
    }

    async freeze(area: string, id: string, epoch: number) {
      return this.#write(area, id, { kind: 'freeze', epoch })
    }

    async activate(area: string, id: string, epoch: number) {
      return this.#write(area, id, { kind: 'activate', epoch })
    }

    async remove(area: string, id: string, epoch: number) {
      return this.#store.transaction(area, () => {
        const [row] = this.#store.sql('SELECT count(*) AS items FROM items WHERE id = ?', id)
        const items = Number(row?.['items'])
        const at = Math.floor(Date.now() / 1000)
        const { verdict, deletion } = this.#store.decide(id, { kind: 'delete', epoch, items, at })
        if (verdict !== 'granted') return { verdict }
        this.#store.sql('DELETE FROM items WHERE id = ?', id)
        return { verdict, ...(deletion && { deletion }) }
      })
    }

    async count(area: string): Promise<TypeCount[]> {
      if (!this.#store.exists()) return []
      const query = 'SELECT type, count(*) AS count FROM items GROUP BY type ORDER BY type'
      return this.#store.transaction(area, () => this.#store.sql(query) as unknown as TypeCount[])
    }

    get #keys() {
      return regionOf(this.env, settingsOf).keys
    }

    #write(area: string, id: string, command: FenceCommand, action?: () => unknown) {
      return this.#store.transaction(area, () => {
        const { verdict } = this.#store.decide(id, command)
        if (verdict === 'granted') action?.()
        return { verdict }
      })
    }

    #items(area: string, id: string, type?: string): Items {
      const rows = this.#store.sql('SELECT type, sealed FROM items WHERE id = ?', id)
      const wanted = rows.filter((row) => type === undefined || row['type'] === type)
      return Object.fromEntries(
        wanted.map((row) => {
          const name = String(row['type'])
          return [name, this.#keys.open(area, 'data', id, name, String(row['sealed']))]
        }),
      )
    }

    #keep(id: string, type: string, sealed: string): void {
      this.#store.sql(
        'INSERT OR REPLACE INTO items (id, type, sealed) VALUES (?, ?, ?)',
        id,
        type,
        sealed,
      )
    }
  }
}
