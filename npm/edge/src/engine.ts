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
  /**
   * Calls into the module. Refusals become `LingpaiError`s; anything else that is thrown there is a trap, after which
   * nothing in the instance can be trusted: it is dropped, and the next call works on a new one.
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
  /** Numbers that the module gave out are worth something only within the generation in which it did. */
  let generation = 0
  let registry: FinalizationRegistry<Slot> | undefined

  function call<R>(action: (glue: G) => R): R {
    try {
      if (!running) start()
      return action(glue)
    } catch (error) {
      if (error instanceof LingpaiError) throw error
      if (isLingpaiError(error)) throw new LingpaiError(error.code, { message: error.message })
      discard()
      throw new LingpaiError('internal', { cause: error })
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
    return (registry ??= new FinalizationRegistry(free))
  }

  function start(): void {
    source ??= load()
    running =
      source instanceof WebAssembly.Module
        ? new WebAssembly.Instance(source, { [importName]: glue as never }).exports
        : source
    glue.__wbg_set_wasm(running)
    ;(running['__wbindgen_start'] as () => void)()
  }

  function discard(): void {
    // The glue caches views of the memory and renews them only when they are detached, which growing by nothing does.
    const memory = running?.['memory']
    if (memory instanceof WebAssembly.Memory) memory.grow(0)
    running = undefined
    generation++
  }

  return { glue, call, resource, onlyOnce }
}
