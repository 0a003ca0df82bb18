// Turns events of a visit into steps of the trace. What goes over the wire is told by `observe.ts`.

import type { VisitEvent } from '@lingpai/h5'
import { short } from '../common/jose-peek'
import type { Step } from '../common/step'

type Told = Omit<Step, 'run'>

export function stepOf(event: VisitEvent): Told | undefined {
  const here = { at: event.atMs, from: 'page', to: 'page', state: 'done' } as const
  switch (event.type) {
    case 'proof_key':
      return {
        ...here,
        kind: isKnown(event.thumbprint) ? 'key_found' : 'key_made',
        facts: [
          ['algorithms', event.algorithm],
          ['thumbprint', short(event.thumbprint)],
          ['kept', event.proofKey],
        ],
        decoded: event,
      }
    case 'launched':
      return {
        ...here,
        kind: event.via === 'fragment' ? 'at_taken' : 'at_checked',
        facts: [
          ['bound', event.bound ? 'true' : 'false'],
          ['app_key', event.appKeyId],
          ['scope', event.scope],
          ['size', `${event.tokenBytes} B`],
        ],
        decoded: event,
      }
    case 'granted':
      return {
        ...here,
        kind: event.kind === 'visit' ? 'visit_opened' : 'refreshed',
        facts: [
          ['scope', event.scope],
          ['lifetime', `${Math.round((event.expiresAtMs - event.atMs) / 1000)} s`],
          ['next_key', event.nextAppKeyId],
        ],
        decoded: event,
      }
    case 'resumed':
      return {
        ...here,
        kind: 'visit_resumed',
        facts: [['lifetime', `${Math.round((event.expiresAtMs - event.atMs) / 1000)} s`]],
        decoded: event,
      }
    case 'resending':
      return {
        ...here,
        kind: 'resending',
        facts: [
          ['code', event.code],
          ['wait', `${event.waitMs} ms`],
        ],
        decoded: event,
      }
    case 'storage_unavailable':
      return { ...here, kind: 'not_kept', facts: [['what', event.what]], decoded: event }
    case 'launch_conflict':
      return {
        ...here,
        kind: 'conflict',
        facts: [['approved', String(event.approved)]],
        decoded: event,
      }
    case 'ended':
      return {
        ...here,
        kind: 'ended',
        state: 'refused',
        values: { code: event.code },
        facts: [['code', event.code]],
        decoded: event,
      }
    case 'closed':
      return { ...here, kind: 'closed', facts: [] }
    default:
      return undefined
  }
}

/** Whether this tab has seen the key before a reload. A thumbprint is public. */
function isKnown(thumbprint: string): boolean {
  const name = 'demo:thumbprint'
  try {
    const known = sessionStorage.getItem(name) === thumbprint
    sessionStorage.setItem(name, thumbprint)
    return known
  } catch {
    return false
  }
}
