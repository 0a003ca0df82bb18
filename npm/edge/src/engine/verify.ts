// The module that verifies and issues nothing.
import * as glue from '../wasm/lingpai_verify_bg.js'
import { load } from '#verify.wasm'
import { createEngine, type Engine, type VerifyGlue } from '../engine.js'

/** Its one instance. */
export const engine: Engine<VerifyGlue> = /* @__PURE__ */ createEngine(
  glue,
  './lingpai_verify_bg.js',
  load,
)
