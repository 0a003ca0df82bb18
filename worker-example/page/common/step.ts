// One step of a visit as the demo shows it: facts observed by the party that acted, no tokens.

export type Lane = 'partner' | 'page' | 'edge'

/** Key in the dictionary of steps (`step-words.ts`). */
export type StepKind =
  | 'key_made'
  | 'key_found'
  | 'key_told'
  | 'assertion'
  | 'at_asked'
  | 'at_answered'
  | 'at_opened'
  | 'at_handed'
  | 'at_linked'
  | 'at_taken'
  | 'at_checked'
  | 'resending'
  | 'not_kept'
  | 'conflict'
  | 'ended'
  | 'visit_sent'
  | 'visit_answered'
  | 'visit_opened'
  | 'visit_resumed'
  | 'visit_failed'
  | 'call_sent'
  | 'call_answered'
  | 'refresh_sent'
  | 'refresh_answered'
  | 'refreshed'
  | 'nonce_asked'
  | 'closed'
  | 'thief_sent'
  | 'thief_answered'

export interface Step {
  kind: StepKind
  /** Milliseconds since the epoch. */
  at: number
  from: Lane
  to: Lane
  /** `granted` and `refused` are decisions; the rest is work. */
  state: 'done' | 'granted' | 'refused'
  /** Which run it belongs to. */
  run: 'framed' | 'linked' | 'attack'
  /** Values for the sentence. */
  values?: Record<string, string>
  /** Short facts, in order: dictionary key and value. */
  facts: (readonly [name: string, value: string])[]
  /** Decoded public parts: headers and claims. Never a signature, a ciphertext or a key. */
  decoded?: object
}

export function isStep(value: unknown): value is Step {
  const step = value as Step | null
  return (
    typeof step === 'object' &&
    step !== null &&
    typeof step.kind === 'string' &&
    typeof step.at === 'number' &&
    ['partner', 'page', 'edge'].includes(step.from) &&
    ['partner', 'page', 'edge'].includes(step.to) &&
    Array.isArray(step.facts)
  )
}
