// Instantiates a module on Cloudflare Workers, which allow WebAssembly only as an imported module.

/**
 * Instantiates what was imported, unless the bundler has done so. It takes the namespace, since tools that leak the condition of Workers
 * into another build have no default export there.
 */
export function instantiateImported(
  imported: unknown,
  imports: WebAssembly.Imports,
): WebAssembly.Exports {
  const namespace = imported as Record<string, unknown>
  const module = namespace['default']
  if (!(module instanceof WebAssembly.Module)) return namespace as WebAssembly.Exports
  return new WebAssembly.Instance(module, imports).exports
}
