// The ledger behind a binding: which object is asked for what. One object for each visit family, for each proof key, for each
// subject whose tokens were cut off; and for other things that are used once a bounded number for each of their owners.
import type { Ledger, LedgerCommand, LedgerOutcome, LoginClaim } from '../authority/ledger.js'
import type { Asked, ExchangeLedger, LoginCall } from '../exchange/ask.js'
import { readCutOff, type CutOffStore } from '../revocation/cut-off.js'
import type { FamilyReplayStore } from '../revocation/family.js'
import type { BurnOutcome, ReplayStore } from '../types.js'

/** What is used of a Durable Object namespace that is bound to `ReplayLedger`. */
export interface ReplayNamespace {
  idFromName(name: string): unknown
  get(id: never): ReplayObject
}

/** What is used of a Durable Object namespace that is bound to `VisitLedger`. */
export interface LedgerNamespace {
  idFromName(name: string): unknown
  get(id: never): ReplayObject & {
    decide(command: LedgerCommand): Promise<LedgerOutcome>
    revoke(): Promise<void>
    isRevoked(): Promise<boolean>
    burnUnlessRevoked(id: string, untilSeconds: number): Promise<BurnOutcome>
    ask(claim: LoginClaim, call: LoginCall): Promise<Asked>
  }
}

interface ReplayObject {
  burn(id: string, untilSeconds: number): Promise<boolean>
  cutOff(beforeSeconds: number, untilSeconds: number): Promise<number>
  cutOffTime(): Promise<number | undefined>
}

/** What {@link durableReplay} gives: what is used once, and the cut-offs of subjects. */
export interface DurableReplay extends ReplayStore, CutOffStore {}

/** What {@link durableLedger} gives: a ledger that knows login codes and the cut-offs of subjects as well. */
export interface DurableLedger extends Ledger, FamilyReplayStore, ExchangeLedger, CutOffStore {}

/**
 * The store behind a binding to `ReplayLedger`: `durableReplay(env.REPLAY)`. Serves verifiers as `replay` and through
 * `subjectRevocation`.
 */
export function durableReplay(namespace: ReplayNamespace): DurableReplay {
  const named = (name: string) => namespace.get(namespace.idFromName(name) as never)
  return {
    burn(key, untilSeconds) {
      const cut = key.lastIndexOf('/')
      const [owner, id] = [key.slice(0, cut), key.slice(cut + 1)]
      // `kind/owner/id`. The proofs of one key meet in one object. An issuer's tokens and a partner's assertions are too
      // many for that, and go into 4096.
      const name = owner.startsWith('proof/') ? owner : `${owner}/${id.slice(0, 2)}`
      return named(name).burn(id, untilSeconds)
    },
    cutOff(subject, options) {
      const { beforeSeconds, untilSeconds } = readCutOff(subject, options)
      return named(`cutoff/${subject}`).cutOff(beforeSeconds, untilSeconds)
    },
    cutOffOf: (subject) => named(`cutoff/${subject}`).cutOffTime(),
  }
}

/**
 * The ledger behind a binding to `VisitLedger`: `durableLedger(env.VISIT_LEDGER)`. Serves authorities, and verifiers as `replay` and
 * through `familyRevocation` and `subjectRevocation`.
 */
export function durableLedger(namespace: LedgerNamespace): DurableLedger {
  const visit = (sid: string) => namespace.get(namespace.idFromName(`visit/${sid}`) as never)
  return {
    ...durableReplay(namespace),
    decide: (sid, command) => visit(sid).decide(command),
    revoke: (sid) => visit(sid).revoke(),
    isRevoked: (sid) => visit(sid).isRevoked(),
    burnInFamily: (sid, key, untilSeconds) => visit(sid).burnUnlessRevoked(key, untilSeconds),
    ask: (sid, claim, call) => visit(sid).ask(claim, call),
  }
}
