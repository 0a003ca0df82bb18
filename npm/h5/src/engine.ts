// The module of visits.
import { load } from '#wasm'
import { onTrap } from './errors.js'
import { createGlue } from './wasm/lingpai_h5_bg.js'
import { instancesOf } from './wasm-instance.js'

/** The exports of the module. */
export type Engine = ReturnType<typeof createGlue>

const instances = instancesOf('./lingpai_h5_bg.js', createGlue, load)

/** The module, ready for use. */
export const loadEngine = instances.load

/** Forgets the instance. What was made with it is of no use any more; whatever still calls into it calls nobody else. */
export const dropEngine = instances.drop
/** Whether this instance was given up. */
export const isDropped = instances.isDropped

onTrap(dropEngine)
