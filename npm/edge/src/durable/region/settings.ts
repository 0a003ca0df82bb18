// What the hosts of a region and their directory are told by the deployment, read from its bindings.
import { engine } from '../../engine/full.js'
import type { Resource } from '../../engine.js'
import { usable } from '../../option-values.js'
import type { RingKey, SharedKey } from '../../types.js'
import type { RegionNamespaces, RegionPlacement } from './objects.js'

/** The keys of one area: secrets of the deployment. */
export interface RegionKeys {
  /** Private keys to which the area's identifiers and data are sealed: X25519 or P-256, each with `kid`, `use: "enc"` and `alg`. */
  sealKeys: readonly RingKey[]
  /** The key of the hashes by which identifiers are found. It never changes: nobody would be found any more. */
  lookupKey: SharedKey
}

/** Settings of `regionHosts`. */
export interface RegionSettings extends RegionPlacement {
  /** All areas: those of the rules. */
  areas: readonly string[]
  /** The keys of each area. */
  keys: Readonly<Record<string, RegionKeys>>
  /** The namespaces to which the three classes are bound. */
  namespaces: RegionNamespaces
  /** Ends every session of an identity, by the `sub` of its tokens. Called again until it resolves. */
  endSessions(id: string): Promise<void>
  /**
   * Erases what a vault keeps of an identity, and says how many values. Called again until it resolves, after the data are gone: it
   * has to know by the id which values those are. Default: there is no vault, and certificates say nothing about one.
   */
  eraseVault?: ((id: string) => Promise<number>) | undefined
}

/** A class of Durable Objects, to be exported by the main module of a Worker. */
export type RegionClass<Env, Methods> = new (
  // What the platform hands over; its full type collides with those of browsers.
  context: never,
  env: Env,
) => Methods

/** What an area does with its keys. Synchronous, so that it can be part of a transaction. */
export interface AreaKeys {
  lookup(area: string, type: string, value: string): string
  /** What tells a write from another one of the same name: a keyed digest of what it does. */
  writeContent(
    area: string,
    id: string,
    action: 'change' | 'put' | 'drop',
    type: string,
    value: string,
  ): string
  seal(area: string, what: 'identifier' | 'data', id: string, type: string, value: string): string
  open(area: string, what: 'identifier' | 'data', id: string, type: string, sealed: string): string
}

const prepared = /* @__PURE__ */ new WeakMap<object, { settings: RegionSettings; keys: AreaKeys }>()

/** The settings of an environment and its keys, prepared once. */
export function regionOf<Env>(
  env: Env,
  settingsOf: (env: Env) => RegionSettings,
): { settings: RegionSettings; keys: AreaKeys } {
  let known = prepared.get(env as object)
  if (!known) {
    const settings = settingsOf(env)
    known = { settings, keys: areaKeys(settings) }
    prepared.set(env as object, known)
  }
  return known
}

function areaKeys({ areas, keys }: RegionSettings): AreaKeys {
  const missing = areas.find((area) => !Object.hasOwn(keys, area))
  if (missing !== undefined) throw new TypeError(`keys: has none for the area "${missing}"`)
  const { glue, resource } = engine
  const text = JSON.stringify(keys)
  const held: Resource = usable('keys', () =>
    resource(() => glue.areaKeysNew(text), glue.areaKeysFree),
  )
  const seconds = () => Math.floor(Date.now() / 1000)
  return {
    lookup: (area, type, value) => held.use((it) => glue.areaLookup(it, area, type, value)),
    writeContent: (area, id, action, type, value) =>
      held.use((it) => glue.areaWriteContent(it, area, id, action, type, value)),
    seal: (area, what, id, type, value) =>
      held.use((it) => glue.areaSeal(it, area, what, id, type, value, seconds())),
    open: (area, what, id, type, sealed) =>
      held.use((it) => glue.areaOpen(it, area, what, id, type, sealed, seconds())),
  }
}
