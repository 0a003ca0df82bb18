// The fence around what a host keeps, as the core decides it.
import { engine } from '../../engine/full.js'

/** What somebody wants of a host. */
export type FenceCommand =
  | { kind: 'read' | 'claim' | 'freeze' | 'export' | 'stage' | 'activate'; epoch: number }
  | { kind: 'write'; epoch: number; write: string; content: string }
  | { kind: 'delete'; epoch: number; items: number; at: number }

/** The answer of a fence. */
export type Verdict = 'granted' | 'repeated' | 'conflict' | 'absent' | 'moving' | 'moved'

/** What was deleted. */
export interface Deletion {
  items: number
  /** Unix seconds. */
  at: number
}

/** An answer, and what to keep for the identity from now on. */
export interface FenceDecision {
  verdict: Verdict
  entry?: string
  deletion?: Deletion
}

/** Decides; pure, to be called inside a transaction. */
export function decideFence(
  kind: 'identity' | 'data',
  entry: string | undefined,
  command: FenceCommand,
): FenceDecision {
  const text = engine.call((glue) => glue.fenceDecide(kind, entry, JSON.stringify(command)))
  const decision = JSON.parse(text) as { verdict: Verdict; entry?: unknown; deletion?: Deletion }
  return {
    verdict: decision.verdict,
    ...(decision.entry !== undefined && { entry: JSON.stringify(decision.entry) }),
    ...(decision.deletion !== undefined && { deletion: decision.deletion }),
  }
}
