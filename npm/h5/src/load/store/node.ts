// Loads the stores' module in Node, from the file beside this one; from text where a bundler for servers left that behind.
import { instantiateInline } from './inline.js'

/** Instantiates the module. */
export async function load(imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
  try {
    const { readFile } = await import('node:fs/promises')
    const bytes = await readFile(new URL('../../wasm/lingpai_store_bg.wasm', import.meta.url))
    return (await WebAssembly.instantiate(bytes, imports)).instance.exports
  } catch {
    return instantiateInline(imports)
  }
}
