// The module of visits: that which leaves Curve25519 to the browser, or that which has it.
import { find } from '#wasm'
import { onTrap } from './errors.js'
import type { createGlue } from './wasm/lingpai_h5_bg.js'
import { instancesOf } from './wasm-instance.js'

/** The exports of the module. */
export type Engine = ReturnType<typeof createGlue>

const instances = instancesOf<Engine>(find)

/** The module, ready for use. */
export const loadEngine = instances.load

/** Forgets the instance. What was made with it is of no use any more; whatever still calls into it calls nobody else. */
export const dropEngine = instances.drop
/** Whether this instance was given up. */
export const isDropped = instances.isDropped

onTrap(dropEngine)
