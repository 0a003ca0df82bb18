// What the loaders import besides JavaScript. Node's types are left out: a page has none of them.
declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}
declare module 'node:fs/promises' {
  export function readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>
}
