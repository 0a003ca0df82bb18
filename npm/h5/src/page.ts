// What the parts of one visit share.
import { createClock, type Clock } from './clock.js'
import type { Engine } from './engine.js'
import { LingpaiError } from './errors.js'
import { createEmit, type Emit } from './events.js'
import { createHttp, type Http } from './http.js'
import { createIssuerKeys, type IssuerKeys } from './issuer-keys.js'
import { readKeys, type Settings } from './options.js'
import { waitingLaunch } from './launch.js'
import { createRefreshLock, type RefreshLock } from './refresh-lock.js'
import { createRecords, type Records, type VisitRecord } from './record.js'
import type { SharedVisit } from './shared-visit.js'
import type { PageKeys } from './wasm/lingpai_h5_bg.js'

/** A page with its keys, before or during a visit. */
export interface Page {
  engine: Engine
  settings: Settings
  /** Issuer and gateway: visits of one slot take turns and share a record. */
  slot: string
  keys: PageKeys
  proofKey: { thumbprint: string; kept: boolean; heldBy: 'non-extractable' | 'memory' }
  issuerKeys: IssuerKeys
  records: Records
  /** The same, where tabs share them. */
  shared: SharedVisit | undefined
  /** Another tab changed what is shared. */
  changes: EventTarget
  /** The visit from before a reload, if there was one. */
  former: VisitRecord | undefined
  http: Http
  clock: Clock
  /** Whether the clock can have run on since before the reload. */
  clockRunsOn: boolean
  lock: RefreshLock
  emit: Emit
  /** The last `DPoP-Nonce` of each origin. */
  nonces: Map<string, string>
}

/** What visits that take turns and share a record have in common. */
export function slotOf({ issuer, gateway }: Settings): string {
  return `${issuer} ${gateway}`
}

const patienceMs = 4_000

// A store that opened and then hangs is done without.
function openKeys({ PageKeys }: Engine, slot: string, keep: boolean): Promise<PageKeys> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const without = new Promise<PageKeys>((resolve) => {
    if (keep) timer = setTimeout(() => resolve(PageKeys.open(slot, false)), patienceMs)
  })
  return Promise.race([PageKeys.open(slot, keep), without]).finally(() => clearTimeout(timer))
}

const spareKeys = new Map<string, PageKeys>()

/** Releases a page whose visit could not be opened. */
export function discardPage({ keys, lock, proofKey, records, slot }: Page): void {
  lock.release()
  records.leave()
  // A launch that was sent under keys of this document may be sent again under them alone.
  if (!proofKey.kept) spareKeys.set(slot, keys)
  else keys.free()
}

function takeSpare(slot: string): PageKeys | undefined {
  const keys = spareKeys.get(slot)
  spareKeys.delete(slot)
  return keys && factsOf(keys).thumbprint === waitingLaunch()?.sentUnder ? keys : undefined
}

interface KeyFacts {
  thumbprint: string
  algorithm: string
  extractable: boolean
  kept: boolean
  sealsRecords: boolean
}

function factsOf(keys: PageKeys): KeyFacts {
  return JSON.parse(keys.facts()) as KeyFacts
}

/**
 * Makes the parts of a page anew in another instance of the module, in place: the one that they came from has failed. The key has to be the
 * one that the visit is bound to. Gives whether it is; if not, the page is as it was.
 */
export async function revivePage(page: Page, engine: Engine): Promise<boolean> {
  const { lock, proofKey, records } = page
  const next = await preparePage(engine, await loadSharing(page.settings), page.settings)
  if (next.proofKey.thumbprint !== proofKey.thumbprint) {
    discardPage(next)
    return false
  }
  records.leave()
  // Whose turns it is stays as it was.
  Object.assign(page, next, { lock })
  return true
}

/** What pages need whose visits outlive them. */
export type Sharing = typeof import('./shared-visit.js')

/** Loads it, where it is asked for and keys can be kept, together with the module that it needs. */
export async function loadSharing({ storage }: Settings): Promise<Sharing | undefined> {
  if (storage !== 'persistent' || !globalThis.crypto?.subtle) return undefined
  let sharing: Sharing
  try {
    sharing = await import('./shared-visit.js')
  } catch (cause) {
    throw new LingpaiError('network_unavailable', {
      message: 'part of the package is missing',
      cause,
    })
  }
  await sharing.loadStoreEngine()
  return sharing
}

/** Opens the page's keys and what is left from before a reload. */
export async function preparePage(
  engine: Engine,
  sharing: Sharing | undefined,
  settings: Settings,
): Promise<Page> {
  const { issuer, storage, now } = settings
  const emit = createEmit(settings.onEvent, now)
  const slot = slotOf(settings)
  const keep = storage !== 'memory'
  const keys = takeSpare(slot) ?? (await openKeys(engine, slot, keep))
  const { thumbprint, algorithm, extractable, kept, sealsRecords } = factsOf(keys)
  const heldBy = extractable ? 'memory' : 'non-extractable'
  emit({ type: 'proof_key', thumbprint, algorithm, proofKey: heldBy, kept })
  if (keep && !kept) emit({ type: 'storage_unavailable', what: 'proof_key' })

  const changes = new EventTarget()
  const changed = () => void changes.dispatchEvent(new Event('change'))
  const shared = kept
    ? await sharing?.shareVisit(settings, engine.fingerprint(slot), changed)
    : undefined
  const records = shared ?? createRecords(keys, sealsRecords, slot, emit)
  const former = await records.read().catch((error: unknown) => {
    records.leave()
    keys.free()
    throw error
  })
  const clock = createClock(engine, now)
  const clockRunsOn = !former || clock.restore(former.clockOffsetMs, former.grantedAtSeconds)
  const http = createHttp(engine, settings.fetch)
  const given = settings.keys && readKeys(settings.keys)
  const issuerKeys = createIssuerKeys(engine, http, issuer, { given, kept: former?.keys })
  return {
    ...{
      engine,
      settings,
      slot,
      keys,
      issuerKeys,
      records,
      shared,
      changes,
      former,
      http,
      clock,
      emit,
    },
    clockRunsOn,
    proofKey: { thumbprint, kept, heldBy },
    // Tabs that share a visit take turns at each refresh instead.
    lock: shared ? noLock : createRefreshLock(),
    nonces: new Map(),
  }
}

const noLock: RefreshLock = { holds: async () => true, release() {} }
