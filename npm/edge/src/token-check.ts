// Tokens of one issuer: its keys, what the core says of a token, and the host where the core asks for it. No memory of
// tokens, no request, no store.
import type { Engine, Resource, VerifyGlue } from './engine.js'
import { isLingpaiError, LingpaiError } from './error.js'
import { hostVerifies, type HostCheck } from './host-crypto.js'
import { keysFrom, type KeysOptions, type KeysState } from './keys/index.js'
import type { Claims } from './types.js'

/** What the core demands of a token. */
export interface TokenPolicy {
  issuer: string
  /** One of these has to be in `aud`; none: `aud` is not looked at. */
  audiences: readonly string[]
  /** The `typ`; without it, tokens must not have one. */
  type?: string | undefined
  toleranceSeconds: number
  requiredScope?: string | undefined
  requiredClaims?: readonly string[] | undefined
  /** The oldest that `iat` may be. */
  maxAgeSeconds?: number | undefined
  /** Only these, and keys without `alg` then serve those that fit them. */
  algorithms?: readonly string[] | undefined
  /** Algorithms that the module knows and yet leaves to the host. */
  host?: readonly string[] | undefined
}

/** What the core says about a token, for as long as it says so: `from` ≤ now < `until`, in Unix seconds. */
export interface Checked {
  readonly claims: Claims
  readonly from?: number
  readonly until: number
  readonly jkt?: string
  readonly alg: string
}

/** What the core said, under which keys. Frozen: it is kept, and given to whoever brings the token again. */
export interface CheckedByKeys {
  readonly checked: Checked
  /** Of the keys that it was verified with. */
  readonly generation: number
}

/** An issuer's keys as the module has them. */
export interface IssuerKeys {
  /** Another number whenever the keys are others: what was said before does not count any more. */
  readonly generation: number
  readonly verifier: Resource
}

/** Checks tokens of one issuer. Times are Unix milliseconds. */
export interface TokenCheck {
  /** The keys, fetched where that is due. */
  keys(nowMs: number): Promise<IssuerKeys>
  /** The keys, where they are at hand. */
  keysAtHand(nowMs: number): IssuerKeys | undefined
  /** What is at hand, for operators. */
  keysState(nowMs: number): KeysState
  /**
   * Says whether a token is acceptable; refuses with a `LingpaiError`. Where the token names a key that is not among them,
   * newer ones are looked for.
   */
  check(token: string, keys: IssuerKeys, nowMs: number): Promise<CheckedByKeys>
  /** The same without the host and newer keys, which have to be waited for. */
  checkSync(token: string, keys: IssuerKeys, nowMs: number): CheckedByKeys
  /** Gives back what the keys take of the module. Whoever is in the middle of a check comes to its end. */
  close(): void
}

/** How the host takes part, as the module is told. */
const host = { mayBeAsked: 0, agrees: 1, disagrees: 2, mayNot: 3 } as const

/** What the module answers: a result, or a question to the host. */
type Answer = Checked | { host: HostCheck }

/** Makes the check. Throws a `TypeError` for keys that do not do. */
export function tokenCheck(
  engine: Engine<VerifyGlue>,
  policy: TokenPolicy,
  options: KeysOptions,
): TokenCheck {
  const { glue, resource } = engine
  const config = JSON.stringify(policy)
  let made = 0
  const held = new Set<Resource>()
  const source = keysFrom<IssuerKeys>(
    options,
    (text, shared) => {
      const verifier = resource(() => glue.verifierNew(config, text, shared), glue.verifierFree)
      held.add(verifier)
      return { verifier, generation: ++made }
    },
    ({ verifier }) => {
      held.delete(verifier)
      verifier.free()
    },
  )

  function ask({ verifier }: IssuerKeys, token: string, nowMs: number, verdict: number): Answer {
    const seconds = Math.floor(nowMs / 1000)
    const text = verifier.use((number) => glue.verifierVerify(number, token, seconds, verdict))
    return JSON.parse(text) as Answer
  }

  async function checkWith(keys: IssuerKeys, token: string, nowMs: number): Promise<CheckedByKeys> {
    const answer = ask(keys, token, nowMs, host.mayBeAsked)
    if (!('host' in answer)) return done(answer, keys)
    const right = await hostVerifies(answer.host, token)
    return done(ask(keys, token, nowMs, right ? host.agrees : host.disagrees), keys)
  }

  return {
    keys: (nowMs) => source.get(nowMs),
    keysAtHand: (nowMs) => source.current(nowMs),
    keysState: (nowMs) => source.state(nowMs),
    async check(token, keys, nowMs) {
      try {
        return await checkWith(keys, token, nowMs)
      } catch (error) {
        if (!isLingpaiError(error) || error.code !== 'key_not_found') throw error
        const renewed = await source.renew(nowMs)
        if (renewed === undefined) throw error
        return await checkWith(renewed, token, nowMs)
      }
    },
    checkSync: (token, keys, nowMs) => done(ask(keys, token, nowMs, host.mayNot), keys),
    close() {
      for (const verifier of held) verifier.free()
      held.clear()
    },
  }
}

function done(answer: Answer, { generation }: IssuerKeys): CheckedByKeys {
  if ('host' in answer) throw new LingpaiError('internal')
  return { checked: frozen(answer), generation }
}

function frozen<T extends object>(value: T): T {
  // Not `Object.values`, whose array takes longer than the rest: JSON has no inherited members.
  for (const name in value) {
    const member = value[name]
    if (typeof member === 'object' && member !== null) frozen(member)
  }
  return Object.freeze(value)
}
