// The one instance of the WASM module: started at the first call, thrown away after a trap and started anew.
import * as glue from './wasm/lingpai_edge_bg.js'
import { load } from '#wasm'
import { isLingpaiError, LingpaiError } from './error.js'

export { glue }

let source: WebAssembly.Module | WebAssembly.Exports | undefined
let running: WebAssembly.Exports | undefined
/** Numbers that the module gave out are worth something only within the generation in which it did. */
let generation = 0

/**
 * Calls into the module. Refusals become `LingpaiError`s; anything else that is thrown there is a trap, after which
 * nothing in the instance can be trusted: it is dropped, and the next call works on a new one.
 */
export function call<R>(action: () => R): R {
  try {
    start()
    return action()
  } catch (error) {
    if (error instanceof LingpaiError) throw error
    if (isLingpaiError(error)) throw new LingpaiError(error.code, { message: error.message })
    discard()
    throw new LingpaiError('internal', { cause: error })
  }
}

/** Something that the module keeps for us, made again when a trap has taken it. */
export interface Resource {
  /** Calls into the module with the thing's number. */
  use<R>(action: (number: number) => R): R
  /** Lets the module forget it. */
  free(): void
}

interface Slot {
  number: number
  generation: number
  release: (number: number) => void
}

/** Makes a resource, at once, so that bad input is refused here. */
export function resource(create: () => number, release: (number: number) => void): Resource {
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

/** A resource that cannot be made again: after a trap it is gone, and using it is `internal`. */
export function onlyOnce(number: number, release: (number: number) => void): Resource {
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

let registry: FinalizationRegistry<Slot> | undefined
function collector(): FinalizationRegistry<Slot> | undefined {
  if (typeof FinalizationRegistry === 'undefined') return undefined
  return (registry ??= new FinalizationRegistry(free))
}

function start(): void {
  if (running) return
  source ??= load()
  running =
    source instanceof WebAssembly.Module
      ? new WebAssembly.Instance(source, { './lingpai_edge_bg.js': glue }).exports
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
