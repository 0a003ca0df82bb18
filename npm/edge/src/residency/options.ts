// The options of residency, read once.
import type { RegionNamespaces, RegionPlacement } from '../durable/region/objects.js'
import { regionObjects, type RegionObjects } from '../durable/region/objects.js'
import { text } from '../option-values.js'
import type { RingKey } from '../types.js'
import type { Verifier } from '../verifier.js'
import { loadRules, type LoadedRules, type ResidencyRules } from './rules.js'

/** Options of `createResidency`. */
export interface ResidencyOptions extends RegionPlacement {
  /** Which area is home, and where each type of data lives. */
  rules: ResidencyRules
  /** The namespaces to which the classes of `regionHosts` are bound. */
  namespaces: RegionNamespaces
  /** Checks the tokens of those who call; the audience of their tokens is this service. */
  verifier: Pick<Verifier, 'verify' | 'refusal'>
  /** The address that certificates of erasure name as their issuer. */
  issuer: string
  /** Private keys that sign certificates: those of the authority. */
  signingKeys: readonly RingKey[]
  /** The time in Unix milliseconds. Default: `Date.now`. */
  now?: (() => number) | undefined
}

/** The same, checked. */
export interface Settings {
  rules: LoadedRules
  objects: RegionObjects
  verifier: Pick<Verifier, 'verify' | 'refusal'>
  issuer: string
  signingKeys: string
  seconds(): number
}

/** Checks options. */
export function readOptions(options: ResidencyOptions): Settings {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: missing')
  const { namespaces, verifier, signingKeys, places, jurisdictions } = options
  const rules = loadRules(options.rules)
  for (const name of ['identities', 'data', 'directory'] as const) {
    if (typeof namespaces?.[name]?.idFromName !== 'function') {
      throw new TypeError(`namespaces: has no ${name}`)
    }
  }
  for (const name of ['verify', 'refusal'] as const) {
    if (typeof verifier?.[name] !== 'function') throw new TypeError(`verifier: has no ${name}()`)
  }
  if (!Array.isArray(signingKeys)) {
    throw new TypeError('signingKeys: has to be an array of { key }')
  }
  const stray = Object.keys(places ?? {}).find((area) => !rules.areas.includes(area))
  if (stray !== undefined) throw new TypeError(`places: "${stray}" is no area of the rules`)
  const now = options.now ?? Date.now
  return {
    rules,
    objects: regionObjects(namespaces, { places, jurisdictions }),
    verifier,
    issuer: text('issuer', options.issuer),
    signingKeys: JSON.stringify(signingKeys),
    seconds: () => Math.floor(now() / 1000),
  }
}
