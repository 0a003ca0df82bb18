// Instantiates a module in a page: from a file, compiled while it arrives.

/** Instantiates what lies at `url`; what `otherwise` gives where a bundler did not copy the file, or a policy forbids to fetch it. */
export async function instantiateFetched(
  url: URL,
  imports: WebAssembly.Imports,
  otherwise: (imports: WebAssembly.Imports) => Promise<WebAssembly.Exports>,
): Promise<WebAssembly.Exports> {
  try {
    return (await instantiate(await fetch(url), imports)).instance.exports
  } catch {
    return otherwise(imports)
  }
}

async function instantiate(response: Response, imports: WebAssembly.Imports) {
  // Streaming insists on the MIME type, which some servers do not know.
  if (response.headers.get('content-type') === 'application/wasm') {
    return WebAssembly.instantiateStreaming(response, imports)
  }
  return WebAssembly.instantiate(await response.arrayBuffer(), imports)
}
