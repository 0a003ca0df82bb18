// Loads the stores' module on Cloudflare Workers, which allow WebAssembly only as an imported module.
import * as imported from '../../wasm/lingpai_store_bg.wasm'

/** Instantiates the module, unless the bundler has done so. */
export async function load(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  // A namespace import, since tools that leak this condition into another build have no default export here.
  const namespace = imported as unknown as Record<string, unknown>
  const module = namespace['default']
  if (!(module instanceof WebAssembly.Module)) return namespace as WebAssembly.Exports
  return new WebAssembly.Instance(module, imports).exports
}
