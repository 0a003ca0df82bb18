// Gives the compiled module on runtimes of the `edge-light` kind, which mark modules to compile with `?module`.
import module from '../../wasm/lingpai_edge_bg.wasm?module'

/** The compiled module. */
export function load(): WebAssembly.Module | WebAssembly.Exports {
  return module
}
