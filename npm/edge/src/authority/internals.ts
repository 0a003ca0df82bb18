// What is built on an authority and needs more of it than it shows: its settings, and the module's hold on its keys.
import type { Resource } from '../engine.js'
import type { Settings } from './options.js'

/** The inside of an authority. */
export interface Internals {
  settings: Settings
  resource: Resource
}

const known = /* @__PURE__ */ new WeakMap<object, Internals>()

/** Remembers the inside of an authority for as long as it lives. */
export function remember(authority: object, internals: Internals): void {
  known.set(authority, internals)
}

/** The inside of an authority that this package has made. */
export function internalsOf(authority: unknown): Internals {
  const internals = known.get(authority as object)
  if (!internals) throw new TypeError('authority: has to be what createAuthority() gave')
  return internals
}
