// The module of stores.
import { load } from '#store.wasm'
import { createGlue } from './wasm/lingpai_store_bg.js'
import { instancesOf } from './wasm-instance.js'

/** The exports of the module. */
export type StoreEngine = ReturnType<typeof createGlue>

const instances = instancesOf('./lingpai_store_bg.js', createGlue, load)

/** The module, ready for use. */
export const loadStoreEngine = instances.load
/** Forgets the instance after a trap. */
export const dropStoreEngine = instances.drop
