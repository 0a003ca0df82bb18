// The module of stores.
import { load as instantiate } from '#store.wasm'
import { createGlue } from './wasm/lingpai_store_bg.js'
import { instancesOf } from './wasm-instance.js'

/** The exports of the module. */
export type StoreEngine = ReturnType<typeof createGlue>

const imported = './lingpai_store_bg.js'
const instances = instancesOf(() => ({ imported, createGlue, instantiate }))

/** The module, ready for use. */
export const loadStoreEngine = instances.load
/** Forgets the instance after a trap. */
export const dropStoreEngine = instances.drop
/** Whether this instance was given up. */
export const isStoreEngineDropped = instances.isDropped
