// Loads the stores' module from text, for runtimes that can neither fetch a file beside the code nor read one.

/** Instantiates the module. */
export const load = instantiateInline

/** Instantiates the module from its copy in base64, which is itself loaded only now. */
export async function instantiateInline(
  imports: WebAssembly.Imports,
): Promise<WebAssembly.Exports> {
  const { base64 } = await import('../../wasm/lingpai_store_inline.js')
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  return (await WebAssembly.instantiate(bytes, imports)).instance.exports
}
