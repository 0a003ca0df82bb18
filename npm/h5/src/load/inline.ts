// Loads the module that leaves Curve25519 to the browser from text, where its file cannot be fetched.

/** Instantiates the module from its copy in base64, which is itself loaded only now. */
export async function instantiateInline(
  imports: WebAssembly.Imports,
): Promise<WebAssembly.Exports> {
  const { base64 } = await import('../wasm/lingpai_h5_inline.js')
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  return (await WebAssembly.instantiate(bytes, imports)).instance.exports
}
