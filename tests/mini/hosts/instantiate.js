// How platforms instantiate a module: by its path in the code package, and not everything that the standard allows.
import { packageFile } from '../support/phone.js'

/**
 * `gives`: `instance`, as documented, or `pair`, as on devices. `absolute`: whether other paths are refused. `ios`: whether
 * exported globals are.
 */
export function instantiating({ gives = 'instance', absolute = false, ios = true } = {}) {
  return async (path, imports) => {
    if (typeof path !== 'string') throw new TypeError('instantiate: only paths of the code package')
    if (absolute && !path.startsWith('/')) throw new Error(`no such file: ${path}`)
    const module = new WebAssembly.Module(packageFile(path))
    const kinds = WebAssembly.Module.exports(module).map(({ kind }) => kind)
    if (ios && kinds.includes('global')) throw new Error('CompileError: invalid wasm file')
    const instance = new WebAssembly.Instance(module, imports)
    return gives === 'pair' ? { instance, module } : instance
  }
}
