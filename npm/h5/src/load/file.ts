// Instantiates a module in Node: from a file.

/** Instantiates what lies at `url`; what `otherwise` gives where a bundler for servers left the file behind. */
export async function instantiateFile(
  url: URL,
  imports: WebAssembly.Imports,
  otherwise: (imports: WebAssembly.Imports) => Promise<WebAssembly.Exports>,
): Promise<WebAssembly.Exports> {
  try {
    const { readFile } = await import('node:fs/promises')
    return (await WebAssembly.instantiate(await readFile(url), imports)).instance.exports
  } catch {
    return otherwise(imports)
  }
}
