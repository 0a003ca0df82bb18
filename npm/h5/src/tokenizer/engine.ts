// The tokenizer's module. Every call into it is watched: a trap ends all that was made with the instance, and the next one who needs it
// starts another.
import { load } from '#tokenizer.wasm'
import { LingpaiError } from '../errors.js'
import { createGlue } from '../wasm/lingpai_tokenizer_bg.js'
import { instancesOf } from '../wasm-instance.js'

/** The exports of the module. */
export type Engine = ReturnType<typeof createGlue>

/** An instance of the module at work. */
export interface Running {
  engine: Engine
  /** Aborted by a trap: what was made with the instance is of no use any more, and every call into it is refused. */
  trapped: AbortSignal
}

const signals = /* @__PURE__ */ new WeakMap<Engine, AbortSignal>()
/** Memories of instances that have trapped, for hosts that give the same one again. */
const spent = /* @__PURE__ */ new WeakSet<object>()

const instances = /* @__PURE__ */ instancesOf<Engine>(() => {
  const trap = new AbortController()
  return {
    imported: './lingpai_tokenizer_bg.js',
    createGlue() {
      const engine = createGlue()
      signals.set(engine, trap.signal)
      return engine
    },
    async instantiate(imports) {
      const exports = await load(imports)
      const memory = exports['memory'] as object
      if (spent.has(memory)) throw new Error('this host starts it once only')
      return watch(exports, () => {
        instances.drop()
        spent.add(memory)
        trap.abort()
      })
    },
  }
})

/** The module, ready for use. */
export async function loadEngine(): Promise<Running> {
  const engine = await instances.load()
  return { engine, trapped: signals.get(engine)! }
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
