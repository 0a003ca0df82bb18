// One module of functions in any runtime. A module under test exports async functions of JSON; started in a runtime, they
// are called from here:
//
// startRuntime(name, module) -> { name, version, call(function, ...args) -> JSON, stop() }
import { browserNames } from '../browsers/index.js'
import { startInBrowser } from './browser.js'
import { startAsProcess } from './process.js'
import { startInWorkerd } from './workerd.js'

const starters = {
  node: startAsProcess,
  deno: startAsProcess,
  bun: startAsProcess,
  workerd: (_, module) => startInWorkerd(module, []),
  'workerd with nodejs_compat': (_, module) => startInWorkerd(module, ['nodejs_compat']),
  ...Object.fromEntries(browserNames.map((name) => [name, startInBrowser])),
}

export const runtimeNames = Object.keys(starters)

/** Starts the module at an absolute path. */
export function startRuntime(name, module) {
  return starters[name](name, module)
}
