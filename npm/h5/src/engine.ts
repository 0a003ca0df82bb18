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

onTrap(instances.drop)
