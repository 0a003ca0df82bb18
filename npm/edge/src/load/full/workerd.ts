// Gives the compiled module on Cloudflare Workers, which allow WebAssembly only as an imported module.
import * as imported from '../../wasm/lingpai_edge_bg.wasm'

/** The compiled module, or the exports of an instance where the bundler has made one. */
export function load(): WebAssembly.Module | WebAssembly.Exports {
  // A namespace import, since tools that leak this condition into another build have no default export here.
  const namespace = imported as unknown as Record<string, unknown>
  const module = namespace['default']
  return module instanceof WebAssembly.Module ? module : (namespace as WebAssembly.Exports)
}
