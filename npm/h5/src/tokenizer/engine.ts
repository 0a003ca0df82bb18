// Starts the tokenizer's WebAssembly module, once, when it is first needed. A start that failed may be tried again, and after a trap,
// which leaves an instance that nobody can trust, the next one who needs it starts another.
import { load } from '#tokenizer.wasm'
import { LingpaiError } from '../errors.js'
import { createGlue } from '../wasm/lingpai_tokenizer_bg.js'

/** The exports of the module. */
export type Engine = ReturnType<typeof createGlue>

/** An instance of the module at work. */
export interface Running {
  engine: Engine
  /** Aborted by a trap: what was made with the instance is of no use any more, and every call into it is refused. */
  trapped: AbortSignal
}

let running: Promise<Running> | undefined
/** Memories of instances that have trapped, for hosts that give the same one again. */
const spent = /* @__PURE__ */ new WeakSet<object>()

/** The module, ready for use. */
export function loadEngine(): Promise<Running> {
  running ??= start().catch((cause: unknown) => {
    running = undefined
    throw new LingpaiError('internal', { message: 'WebAssembly did not start', cause })
  })
  return running
}

async function start(): Promise<Running> {
  const engine = createGlue()
  const imports = { './lingpai_tokenizer_bg.js': engine as unknown as WebAssembly.ModuleImports }
  const exports = await load(imports)
  const memory = exports['memory'] as object
  if (spent.has(memory)) throw new Error('this host starts it once only')
  const trap = new AbortController()
  const watched = watch(exports, () => {
    running = undefined
    spent.add(memory)
    trap.abort()
  })
  engine.__wbg_set_wasm(watched)
  ;(watched['__wbindgen_start'] as () => void)()
  return { engine, trapped: trap.signal }
}

// Refusals come back as results. What is thrown through an export is a trap, or as good as one: it left the instance in the midst
// of its work.
function watch(exports: WebAssembly.Exports, trapped: () => void): WebAssembly.Exports {
  let dead = false
  const guard =
    (name: string, call: (...args: unknown[]) => unknown) =>
    (...args: unknown[]) => {
      if (dead) {
        if (name.endsWith('_free')) return undefined
        throw new LingpaiError('internal')
      }
      try {
        return call(...args)
      } catch (cause) {
        dead = true
        trapped()
        throw new LingpaiError('internal', { cause })
      }
    }
  const each = Object.entries(exports).map(([name, value]) => [
    name,
    typeof value === 'function' ? guard(name, value as never) : value,
  ])
  return Object.fromEntries(each) as WebAssembly.Exports
}
