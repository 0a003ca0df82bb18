// Aliases behind a binding to `AliasRegistry`: which object is asked for what.
import type { ErrorCode } from '../codes.js'
import type {
  AliasRecord,
  AliasStore,
  Attempt,
  Claim,
  NotAdmitted,
  OperationState,
  Verdict,
} from '../operations/store.js'
import type { AliasAudit, BegunHere, ClosedElsewhere } from './alias-registry.js'

/** What is used of a Durable Object namespace that is bound to `AliasRegistry`. */
export interface AliasNamespace {
  idFromName(name: string): unknown
  get(id: never): {
    room(nowSeconds: number): Promise<ErrorCode | undefined>
    take(most: number, nowSeconds: number): Promise<number | undefined>
    reserve(name: string, untilSeconds: number): Promise<boolean>
    open(name: string, alias: AliasRecord, nowSeconds: number): Promise<ErrorCode | undefined>
    begin(name: string, operation: string, attempt: Attempt): Promise<BegunHere>
    settle(
      operation: string,
      hash: string,
      answer: string | undefined,
      nowSeconds: number,
    ): Promise<OperationState | undefined>
    close(name: string, secret: string, nowSeconds: number): Promise<ClosedElsewhere | undefined>
    bury(name: string, untilSeconds: number, nowSeconds: number): Promise<void>
    release(name: string, claim: Claim): Promise<AliasRecord | undefined>
    adopt(name: string, alias: AliasRecord, nowSeconds: number, origin: string): Promise<boolean>
    forget(name: string): Promise<void>
    audit(): Promise<AliasAudit[]>
  }
}

/** What {@link durableAliases} gives. */
export interface DurableAliases extends AliasStore {
  /** What happened to the aliases of a visit within a day: of the visit that a handle names by its first part. */
  audit(visit: string): Promise<AliasAudit[]>
}

/** The store behind a binding to `AliasRegistry`: `durableAliases(env.ALIASES)`. */
export function durableAliases(namespace: AliasNamespace): DurableAliases {
  const named = (name: string) => namespace.get(namespace.idFromName(name) as never)
  const visits = (visit: string) => named(`visit/${visit}`)
  return {
    async admit(visit, subject, most, now): Promise<NotAdmitted | undefined> {
      const refused = await visits(visit).room(now)
      if (refused !== undefined) return { refused }
      const retryAfterSeconds = await named(`subject/${subject}`).take(most, now)
      return retryAfterSeconds === undefined
        ? undefined
        : { refused: 'rate_limited', retryAfterSeconds }
    },
    // Names are spread over 4096 objects by what they begin with.
    reserve: (name, until) => named(`names/${name.slice(0, 2)}`).reserve(name, until),
    open: (visit, name, alias, now) => visits(visit).open(name, alias, now),
    async begin(visit, name, operation, attempt): Promise<Verdict> {
      const { origin, ...verdict } = await visits(visit).begin(name, operation, attempt)
      // A claim that was cut off may have left the account there. Whether or not that can be told, the operation has begun.
      if (origin !== undefined)
        await visits(origin)
          .forget(name)
          .catch(() => undefined)
      return verdict
    },
    settle: (visit, operation, hash, answer, now) =>
      visits(visit).settle(operation, hash, answer, now),
    async close(visit, name, secret, now) {
      const elsewhere = await visits(visit).close(name, secret, now)
      if (elsewhere === undefined) return
      const { at, untilSeconds } = elsewhere
      // First where it may be used; there it may not have arrived yet.
      await visits(at).bury(name, untilSeconds, now)
      await visits(visit).bury(name, untilSeconds, now)
    },
    async claim(visit, name, claim) {
      const alias = await visits(visit).release(name, claim)
      if (alias === undefined) return undefined
      const adopted = await visits(claim.to).adopt(name, alias, claim.now, visit)
      if (adopted) await visits(visit).forget(name)
      return adopted ? alias : undefined
    },
    audit: (visit) => visits(visit).audit(),
  }
}
