// The module that can do everything.
import * as glue from '../wasm/lingpai_edge_bg.js'
import { load } from '#full.wasm'
import { createEngine, type Engine, type FullGlue } from '../engine.js'

/** Its one instance. */
export const engine: Engine<FullGlue> = /* @__PURE__ */ createEngine(
  glue,
  './lingpai_edge_bg.js',
  load,
)
