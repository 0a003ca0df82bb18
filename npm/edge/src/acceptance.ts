// Whether a token is acceptable by itself: opened if it is sealed, checked under its issuer's keys, and remembered, so that
// the signature of a token that comes again is not verified again.
import type { Engine, VerifyGlue } from './engine.js'
import { LingpaiError } from './error.js'
import { issuersOf, type Issuer, type IssuerKeySet } from './issuers.js'
import type { Settings } from './options.js'
import { isSealed, unsealer } from './sealed.js'
import { seenTokens } from './seen.js'
import type { Checked, CheckedByKeys, IssuerKeys } from './token-check.js'
import type { Watch } from './watch.js'

/** Says what a token is worth by itself, and whose it is; refuses with a `LingpaiError`. */
export interface Acceptance {
  accept(presented: string, watch: Watch): Promise<[Checked, Issuer]>
  /** With keys at hand, and without what has to be waited for. */
  acceptSync(presented: string, watch?: Watch): [Checked, Issuer]
  /** Loads the key sets. */
  ready(): Promise<void>
  /** The state of the key sets. */
  keySets(): IssuerKeySet[]
}

/** What is remembered of a token. */
interface Accepted {
  issuer: Issuer
  /** Of the issuer's keys; others came since if it differs. */
  generation: number
  /** Of the module, which failed since if it differs. */
  run: number
  /** Unix seconds. */
  until: number
  checked: Checked
}

/** What the core reads at most (PROTOCOL §0). More is not even handed over. */
const mostCharacters = 16 * 1024

/** Opening a sealed token is remembered this long, so that a key that retires ceases to count. */
const sealedSeconds = 60

/** Makes the check from the options of a verifier. */
export function acceptance(engine: Engine<VerifyGlue>, settings: Settings): Acceptance {
  const { now } = settings
  const issuers = issuersOf(engine, settings)
  const sealed = settings.unseal && unsealer(engine, settings.unseal)
  const seen = seenTokens<Accepted>(settings.cacheSize)

  /** What is remembered, as far as it still holds. */
  function recall(known: Accepted, keys: IssuerKeys, nowMs: number): Checked | undefined {
    if (known.run !== engine.generation || known.generation !== keys.generation) return undefined
    const seconds = nowMs / 1000
    const { checked, until } = known
    const begun = checked.from === undefined || seconds >= checked.from
    return begun && seconds < until ? checked : undefined
  }

  function remember(presented: string, issuer: Issuer, found: CheckedByKeys, most: number): void {
    const { checked, generation } = found
    const until = Math.min(checked.until, most)
    seen.set(presented, { issuer, generation, run: engine.generation, until, checked })
    issuers.proved(issuer)
  }

  function seenBefore(presented: string): Accepted | undefined {
    if (presented.length > mostCharacters) throw new LingpaiError('limit_exceeded')
    const known = seen.get(presented)
    return known && issuers.isCurrent(known.issuer) ? known : undefined
  }

  return {
    async accept(presented, watch) {
      const known = seenBefore(presented)
      let keys: IssuerKeys | undefined
      if (known) {
        watch.enter('keys')
        keys = await known.issuer.tokens.keys(now())
        const checked = recall(known, keys, now())
        if (checked) {
          watch.cached = true
          return [checked, known.issuer]
        }
      }
      let token = presented
      let until = Infinity
      if (isSealed(presented)) {
        watch.enter('unseal')
        if (!sealed) throw new LingpaiError('type_mismatch', { message: 'type_mismatch (sealed)' })
        token = await sealed.open(presented, now())
        until = now() / 1000 + sealedSeconds
      } else if (sealed?.required) {
        throw new LingpaiError('type_mismatch', { message: 'type_mismatch (not sealed)' })
      }
      watch.enter('keys')
      const issuer = known?.issuer ?? (await issuers.of(token))
      keys ??= await issuer.tokens.keys(now())
      watch.enter('verify')
      const found = await issuer.tokens.check(token, keys, now())
      remember(presented, issuer, found, until)
      return [found.checked, issuer]
    },
    acceptSync(presented, watch) {
      const nowMs = now()
      const known = seenBefore(presented)
      let keys = known?.issuer.tokens.keysAtHand(nowMs)
      const checked = known && keys && recall(known, keys, nowMs)
      if (known && checked) {
        if (watch) watch.cached = true
        return [checked, known.issuer]
      }
      if (isSealed(presented) || sealed?.required) {
        throw new LingpaiError('type_mismatch', { message: 'type_mismatch (sealed: use verify)' })
      }
      watch?.enter('keys')
      const issuer = known?.issuer ?? issuers.ofSync(presented)
      keys ??= issuer.tokens.keysAtHand(nowMs)
      if (!keys) {
        const message = 'the key set is not at hand: await ready() first'
        throw new LingpaiError('temporarily_unavailable', { message })
      }
      watch?.enter('verify')
      const found = issuer.tokens.checkSync(presented, keys, nowMs)
      remember(presented, issuer, found, Infinity)
      return [found.checked, issuer]
    },
    async ready() {
      await sealed?.ready()
      await issuers.ready()
    },
    keySets: issuers.keySets,
  }
}
