// A visit that the tabs of an origin share, beyond the end of each. Only pages that ask for it load this, and the store under it.
import type { VisitRecord } from './record.js'
import type { Page } from './page.js'
import type { Settings } from './options.js'
import type { RefreshOutcome } from './refresh.js'
import { createSharedRecords, type SharedRecords } from './shared-records.js'
import { endedElsewhere, refreshTogether, type EndedElsewhere } from './shared-refresh.js'
import { createStore } from './store-calls.js'

export { loadStoreEngine } from './store-engine.js'

/** The records that tabs share, and how they go on from there. */
export interface SharedVisit extends SharedRecords {
  /** Refreshes the visit, or takes over what another tab got. */
  refresh(page: Page, record: VisitRecord, signal: AbortSignal): Promise<RefreshOutcome>
  /** How the visit of a record was ended by another tab, if it was. */
  endedElsewhere(record: VisitRecord): Promise<EndedElsewhere | undefined>
}

/** Opens what is shared under the hash of a slot. `changed` is called when another tab says that something did. */
export async function shareVisit(
  { onEvent }: Settings,
  slotHash: string,
  changed: () => void,
): Promise<SharedVisit> {
  const store = await createStore({ name: 'visits', ...(onEvent && { onEvent }) })
  const records = createSharedRecords(store, slotHash, changed)
  return Object.assign(records, {
    refresh: (page: Page, record: VisitRecord, signal: AbortSignal) =>
      refreshTogether(page, records, record, signal),
    endedElsewhere: (record: VisitRecord) => endedElsewhere(records, record),
  })
}
