// The fence around what a host keeps, as the core decides it.
import { engine } from '../../engine/full.js'

/** What somebody wants of a host. */
export type FenceCommand =
  | { kind: 'read' | 'claim' | 'freeze' | 'export' | 'activate'; epoch: number }
  | { kind: 'stage'; epoch: number; recent: readonly string[] }
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
  /** The names of the last writes, which a copy takes along. */
  recent?: string[]
  deletion?: Deletion
}

/** Decides; pure, to be called inside a transaction. */
export function decideFence(
  kind: 'identity' | 'data',
  entry: string | undefined,
  command: FenceCommand,
): FenceDecision {
  const text = engine.call((glue) => glue.fenceDecide(kind, entry, JSON.stringify(command)))
  const { entry: after, ...decision } = JSON.parse(text) as Omit<FenceDecision, 'entry'> & {
    entry?: unknown
  }
  return { ...decision, ...(after !== undefined && { entry: JSON.stringify(after) }) }
}
