// Instantiates a module from text, for runtimes that can neither fetch a file beside the code nor read one.

/** Instantiates what `base64` is the text of. */
export async function instantiateText(
  base64: string,
  imports: WebAssembly.Imports,
): Promise<WebAssembly.Exports> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  return (await WebAssembly.instantiate(bytes, imports)).instance.exports
}
