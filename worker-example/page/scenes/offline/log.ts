// What this tab was told: events of visit and store, in words.

import type { VisitEvent } from '@lingpai/h5'
import type { StoreEvent } from '@lingpai/h5/store'
import { element, find } from '../../common/dom'
import { say } from '../../common/language'
import { words } from './words'

type Told = VisitEvent | StoreEvent

const bad: readonly Told['type'][] = ['storage_lost', 'refresh_failed', 'ended', 'row_quarantined']
const most = 60
const happened: { at: Date; event: Told }[] = []

/** Notes an event, if this page has words for it. */
export function note(event: Told): void {
  if (!(`event.${event.type}` in words)) return
  // Its store for visits goes the same way as the notes.
  if ('store' in event && event.store !== 'notes') return
  happened.unshift({ at: new Date(event.atMs), event })
  happened.length = Math.min(happened.length, most)
}

/** Shows them all. */
export function showLog(): void {
  find('#log').replaceChildren(
    ...happened.map(({ at, event }) =>
      element(
        'li',
        { 'data-type': event.type, 'data-bad': String(bad.includes(event.type)) },
        element('time', {}, at.toLocaleTimeString('en-GB')),
        element('span', {}, textOf(event)),
      ),
    ),
  )
}

function textOf(event: Told): string {
  const tell = (values: Record<string, string> = {}) => say(words, `event.${event.type}`, values)
  const place = (tier: string) => say(words, `tier.${tier}`)
  switch (event.type) {
    case 'tier_changed':
      return tell({
        to: place(event.to),
        cause: say(words, `cause.${event.cause ?? 'none'}`),
        moved: String(event.moved),
      })
    case 'storage_lost':
    case 'capacity':
      return tell({ tier: place(event.tier) })
    case 'row_quarantined':
      return tell({ reason: event.reason })
    case 'superseded':
      return tell({ rows: String(event.rows) })
    case 'refresh_failed':
    case 'ended':
      return tell({ code: event.code })
    case 'clock_jumped':
      return tell({ ms: String(Math.round(event.byMs)) })
    default:
      return tell()
  }
}
