// The tokenizer's module, which is loaded anew after a trap. It keeps nothing between calls but its generator, which is seeded again,
// and the policies that it has verified, which are verified again: whatever counts lies in the store.
import type { Engine } from '../engine/engine'
import type { Holder } from '../kit'

/** The module, as it is called. */
export interface Module extends Engine {
  /** Loads it again if it has trapped, for one caller at a time. Whether it had. */
  heal(): Promise<boolean>
}

/** Loads it. */
export async function loadModule(holder: Holder): Promise<Module> {
  const { LingpaiError } = holder.kit
  let engine = await start(holder)
  let trapped = false

  // Refusals are errors of ours. Whatever else is thrown was a trap, after which the instance is of no use.
  function guarded<Result>(call: () => Result): Result {
    try {
      return call()
    } catch (thrown) {
      if (!(thrown instanceof LingpaiError)) trapped = true
      throw thrown
    }
  }

  return {
    kind: engine.kind,
    ability: engine.ability,
    trapped: () => trapped,
    call: (...all) => guarded(() => engine.call(...all)),
    text: (...all) => guarded(() => engine.text(...all)),
    async heal() {
      if (!trapped) return false
      engine = await start(holder)
      trapped = false
      return true
    },
  }
}

async function start({ kit, settings }: Holder): Promise<Engine> {
  const { host, wasmDirectory } = settings
  const path = `${wasmDirectory}/lingpai_mini_tokenizer.wasm`
  const instantiate = host.instantiate as NonNullable<typeof host.instantiate>
  try {
    const engine = kit.wasm(await instantiate(path, {}), 'proofs')
    if ((await kit.seed(host, engine)) === undefined) throw new kit.LingpaiError('entropy_missing')
    return engine
  } catch (thrown) {
    const cause = kit.toLingpaiError(thrown)
    if (cause.code !== 'internal') throw cause
    throw new kit.LingpaiError('internal', { message: 'WebAssembly did not start', cause: thrown })
  }
}
