// Runs one WASM module: started at the first call, thrown away after a trap and started anew.
import { isLingpaiError, LingpaiError } from './error.js'

/** The glue of the module that verifies. */
export type VerifyGlue = typeof import('./wasm/lingpai_verify_bg.js')
/** The glue of the module that issues as well. It can do all that {@link VerifyGlue} can. */
export type FullGlue = typeof import('./wasm/lingpai_edge_bg.js')

/** A module at work. */
export interface Engine<G> {
  /** What the module can do. Call it inside `call` or `use` only. */
  readonly glue: G
  /** Another number after each trap: what the module said before it failed is not to be relied on. */
  readonly generation: number
  /**
   * Calls into the module. Refusals become `LingpaiError`s; anything else that is thrown there is a trap, after which
   * nothing in the instance can be trusted: it is dropped, and the next call works on a new one. Where the bundler has
   * made the instance there is no other: every further call is refused with `internal`.
   */
  call<R>(action: (glue: G) => R): R
  /** Makes a resource, at once, so that bad input is refused here. */
  resource(create: () => number, release: (number: number) => void): Resource
  /** A resource that cannot be made again: after a trap it is gone, and using it is `internal`. */
  onlyOnce(number: number, release: (number: number) => void): Resource
}

/** Something that the module keeps for us, made again when a trap has taken it. */
export interface Resource {
  /** Calls into the module with the thing's number. */
  use<R>(action: (number: number) => R): R
  /** Lets the module forget it. */
  free(): void
}

/** What became of the module after a trap. */
export interface Trap {
  /** Whether the next call works on a new instance. */
  recovered: boolean
}

const traps = /* @__PURE__ */ new WeakMap<object, Trap>()

/** The trap that an error tells of, itself or by what caused it. */
export function trapOf(error: unknown): Trap | undefined {
  for (let depth = 0; error instanceof Error && depth < 8; depth++) {
    const trap = traps.get(error)
    if (trap) return trap
    error = error.cause
  }
  return undefined
}

interface Glue {
  __wbg_set_wasm(exports: WebAssembly.Exports): void
}

interface Slot {
  number: number
  generation: number
  release: (number: number) => void
}

/** Makes the engine of a module, which imports its glue under the name `importName`. Starts nothing yet. */
export function createEngine<G extends Glue>(
  glue: G,
  importName: string,
  load: () => WebAssembly.Module | WebAssembly.Exports,
): Engine<G> {
  let source: WebAssembly.Module | WebAssembly.Exports | undefined
  let running: WebAssembly.Exports | undefined
  /** The instance before, whose memory the glue may still have views of. */
  let dropped: WebAssembly.Exports | undefined
  /** Numbers that the module gave out are worth something only within the generation in which it did. */
  let generation = 0
  let registry: FinalizationRegistry<Slot> | undefined

  function call<R>(action: (glue: G) => R): R {
    try {
      if (!running) start()
      return action(glue)
    } catch (error) {
      // Assignments first: where the stack is exhausted, nothing else is sure to come to its end.
      const left = running
      running = undefined
      if (left) {
        dropped = left
        generation++
      }
      if (isLingpaiError(error)) {
        if (left) {
          running = left
          generation--
        }
        const { code, message } = error
        throw error instanceof LingpaiError ? error : new LingpaiError(code, { message })
      }
      const failure = new LingpaiError('internal', { cause: error })
      // Without an instance it is the start that failed, and the next call tries again.
      if (left) traps.set(failure, { recovered: source instanceof WebAssembly.Module })
      throw failure
    }
  }

  function resource(create: () => number, release: (number: number) => void): Resource {
    const slot: Slot = { number: 0, generation: -1, release }
    const held: Resource = {
      use: (action) =>
        call(() => {
          if (slot.generation !== generation) {
            slot.number = create()
            slot.generation = generation
          }
          return action(slot.number)
        }),
      free: () => free(slot),
    }
    held.use(() => undefined)
    collector()?.register(held, slot)
    return held
  }

  function onlyOnce(number: number, release: (number: number) => void): Resource {
    const slot: Slot = { number, generation, release }
    const held: Resource = {
      use: (action) =>
        call(() => {
          if (slot.generation !== generation) throw new LingpaiError('internal')
          return action(slot.number)
        }),
      free: () => free(slot),
    }
    // Its owner may be a request that is cancelled and never comes to free it.
    collector()?.register(held, slot)
    return held
  }

  function free(slot: Slot): void {
    if (slot.generation !== generation || !running) return
    slot.generation = -1
    call(() => slot.release(slot.number))
  }

  function collector(): FinalizationRegistry<Slot> | undefined {
    if (typeof FinalizationRegistry === 'undefined') return undefined
    return (registry ??= new FinalizationRegistry((slot) => {
      try {
        free(slot)
      } catch {
        // A trap took it and all else with it. There is no caller to tell: thrown here, it would end the process.
      }
    }))
  }

  function start(): void {
    source ??= load()
    if (!(source instanceof WebAssembly.Module) && generation > 0) {
      throw new LingpaiError('internal', {
        message: 'internal (the module cannot be started again)',
      })
    }
    // The glue caches views of the memory and renews them only when they are detached, which growing by nothing does.
    const memory = dropped?.['memory']
    if (memory instanceof WebAssembly.Memory) memory.grow(0)
    const exports =
      source instanceof WebAssembly.Module
        ? new WebAssembly.Instance(source, { [importName]: glue as never }).exports
        : source
    glue.__wbg_set_wasm(exports)
    dropped = exports
    ;(exports['__wbindgen_start'] as () => void)()
    dropped = undefined
    running = exports
  }

  return {
    glue,
    get generation() {
      return generation
    },
    call,
    resource,
    onlyOnce,
  }
}
