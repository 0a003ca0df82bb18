// What files of the package that are loaded later share with the first: one error class, one way to call a module, one to send.
import { wasm } from './engine/load'
import { seed, type Device } from './device'
import { LingpaiError, refusal, toLingpaiError } from './errors'
import { askedWaitMs, within, type Gateway } from './gateway'
import type { Keeper } from './keeper'
import { endsFamily } from './login'
import type { Settings } from './options'
import { proofOf, sendRequest } from './request'
import { trust } from './trust'

/** All of it. */
export const kit = {
  LingpaiError,
  askedWaitMs,
  endsFamily,
  proofOf,
  refusal,
  seed,
  sendRequest,
  toLingpaiError,
  trust,
  wasm,
  within,
}

/** The same, as it is handed over. */
export type Kit = typeof kit

/** Whom something later is for: the login or the visit of a mini-program that is ready. */
export interface Holder {
  kit: Kit
  settings: Settings
  device: Device
  gateway: Gateway
  keeper: Keeper
}
