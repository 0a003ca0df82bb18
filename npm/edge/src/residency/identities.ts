// What can be done with identities: the calls to directory and hosts that each takes. Refusals are `LingpaiError`s.
import type { ErrorCode } from '../codes.js'
import type { DirectoryAnswer, RegionRoute } from '../durable/region/directory.js'
import type { Verdict } from '../durable/region/fence.js'
import { dataShards } from '../durable/region/objects.js'
import { engine } from '../engine/full.js'
import { isLingpaiError, LingpaiError } from '../error.js'
import type { Settings } from './options.js'

/** An identity that was registered, or found registered. */
export interface Registered {
  id: string
  area: string
  /** Whether it is new. */
  created: boolean
}

/** Where an identity is. */
export interface IdentityStatus {
  id: string
  /** `active` and `settling` are in force; `moving` and `copied` are read only; `removing` and `removed` are gone. */
  state: string
  area?: string
  writable: boolean
  /** Why the last move was rolled back, if it was. */
  undone?: ErrorCode
}

/** Counts of one area; no identifiers and no ids. */
export interface AreaReport {
  area: string
  identities: TypeCount[]
  data: TypeCount[]
}

/** How many there are of a type. */
export interface TypeCount {
  type: string
  count: number
}

/** What can be done. */
export interface Identities {
  /** Registers an identifier at home. Whoever is registered there already is found. */
  register(type: string, identifier: string, region?: string): Promise<Registered>
  /** The identity of an identifier in an area that the caller names: there is no index over areas. */
  lookUp(area: string, type: string, identifier: string): Promise<IdentityStatus>
  status(id: string): Promise<IdentityStatus>
  identifier(id: string): Promise<{ type: string; identifier: string }>
  /**
   * Puts another identifier in the place of the present one, within the area. As with all writes, the same `write` again changes
   * nothing, and with something else it is refused: `idempotency_conflict`.
   */
  changeIdentifier(id: string, type: string, identifier: string, write?: string): Promise<void>
  /** Values by type, as JSON texts. */
  readData(id: string, types: readonly string[]): Promise<Record<string, string>>
  writeData(id: string, type: string, value: string, write?: string): Promise<void>
  deleteData(id: string, type: string, write?: string): Promise<void>
  move(id: string, area: string): Promise<IdentityStatus>
  remove(id: string, cause: 'identity' | 'person'): Promise<IdentityStatus>
  /** The certificate of an erasure that has come to its end. */
  certificate(id: string): Promise<string>
  report(): Promise<AreaReport[]>
}

/** Most that a value may have; the core's limit. */
const maxValueBytes = 8 * 1024

/** How often the directory is asked again when a host says that the identity has moved meanwhile. */
const attempts = 3

/** Identities behind settings. */
export function identitiesOf(settings: Settings): Identities {
  const { rules, objects, issuer, signingKeys, seconds } = settings
  const { glue, call } = engine

  async function register(type: string, text: string, region?: string): Promise<Registered> {
    const { area } = asked(() => rules.home(type, text, region))
    const value = asked(() => rules.identifier(type, text))
    // Asked first: an id that comes to nothing leaves a row behind, and people register again and again.
    const known = await reach(() => objects.identity(area).find(area, type, value))
    if (known !== undefined) return foundAt(area, known)
    const id = call(() => glue.identityNew())
    const directory = objects.directory(id)
    granted(await reach(() => directory.register(id, area)))
    const claimed = await reach(() => objects.identity(area).claim(area, id, type, value))
    if (!('taken' in claimed)) {
      if (claimed.verdict !== 'granted') throw new LingpaiError('moving')
      granted(await reach(() => directory.confirm(id)))
      return { id, area, created: true }
    }
    await reach(() => directory.abandon(id))
    return foundAt(area, claimed.taken)
  }

  /** The identity that an identifier is registered for. */
  async function foundAt(area: string, other: string): Promise<Registered> {
    // Whoever finds the identifier registered may say so to the directory: it is what the directory waits for.
    const { refused, route } = await reach(() => objects.directory(other).confirm(other))
    // It is being erased at this moment, and the identifier is free when that is done.
    if (refused === 'identity_erased' || refused === 'identity_unknown') {
      throw new LingpaiError('moving')
    }
    // It may be on its way: where it is in force, the directory says.
    return { id: other, area: route?.area ?? area, created: false }
  }

  async function lookUp(area: string, type: string, text: string): Promise<IdentityStatus> {
    known(area)
    const value = asked(() => rules.identifier(type, text))
    const id = await reach(() => objects.identity(area).find(area, type, value))
    if (id === undefined) throw new LingpaiError('identity_unknown')
    const found = await status(id)
    if (found.area !== area) throw new LingpaiError('identity_unknown')
    return found
  }

  async function status(id: string): Promise<IdentityStatus> {
    return statusOf(id, await reach(() => objects.directory(valid(id)).look(id)))
  }

  /** Does something in the area in force. A host that has been left sends on, and the directory is asked again. */
  async function inForce<T extends { verdict: Verdict } | { taken: string }>(
    id: string,
    write: boolean,
    action: (route: RegionRoute) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { route, refused, state } = await reach(() => objects.directory(valid(id)).look(id))
      if (!route) throw new LingpaiError(refused ?? codeOf(state))
      if (write && !route.writable) throw new LingpaiError('moving')
      const answer = await reach(() => action(route))
      if ('taken' in answer) throw new LingpaiError('already_registered')
      if (answer.verdict === 'granted' || answer.verdict === 'repeated') return answer
      if (answer.verdict === 'conflict') throw new LingpaiError('idempotency_conflict')
      if (answer.verdict === 'moving') throw new LingpaiError('moving')
      if (answer.verdict === 'absent') throw new LingpaiError('identity_unknown')
    }
    throw new LingpaiError('moving')
  }

  /** Where the data of a type live. */
  const placeOf = (id: string, type: string, { area }: RegionRoute) => {
    const pinned = asked(() => rules.pinned(type))
    const host = objects.data(pinned ?? area, pinned !== undefined, id)
    return { host, area: pinned ?? area }
  }

  return {
    register,
    lookUp,
    status,
    async identifier(id) {
      const answer = await inForce(id, false, ({ area, epoch }) =>
        objects.identity(area).reveal(area, id, epoch),
      )
      const { type = '', value = '' } = answer
      return { type, identifier: value }
    },
    async changeIdentifier(id, type, text, write = freshWrite()) {
      const value = asked(() => rules.identifier(type, text))
      await inForce(id, true, ({ area, epoch }) =>
        objects.identity(area).change(area, id, epoch, write, type, value),
      )
    },
    async readData(id, types) {
      const values: Record<string, string> = {}
      for (const type of types) {
        const { items } = await inForce(id, false, (route) => {
          const { host, area } = placeOf(id, type, route)
          return host.read(area, id, route.epoch, type)
        })
        Object.assign(values, items)
      }
      return values
    },
    async writeData(id, type, value, write = freshWrite()) {
      if (new TextEncoder().encode(value).length > maxValueBytes) {
        const message = `invalid_request (value: at most ${maxValueBytes} bytes)`
        throw new LingpaiError('invalid_request', { message })
      }
      await inForce(id, true, (route) => {
        const { host, area } = placeOf(id, type, route)
        return host.put(area, id, route.epoch, write, type, value)
      })
    },
    async deleteData(id, type, write = freshWrite()) {
      await inForce(id, true, (route) => {
        const { host, area } = placeOf(id, type, route)
        return host.drop(area, id, route.epoch, write, type)
      })
    },
    async move(id, area) {
      known(area)
      const answer = granted(await reach(() => objects.directory(valid(id)).move(id, area)))
      // In force somewhere else and writable: the move was made and undone.
      if (answer.route?.writable && answer.route.area !== area) {
        throw new LingpaiError(answer.undone ?? 'temporarily_unavailable')
      }
      return statusOf(id, answer)
    },
    async remove(id, cause) {
      const answer = granted(await reach(() => objects.directory(valid(id)).remove(id, cause)))
      return { id, state: answer.state ?? 'removing', writable: false }
    },
    async certificate(id) {
      const record = await reach(() => objects.directory(valid(id)).record(id))
      if (record === undefined) throw new LingpaiError('identity_unknown')
      return call(() => glue.erasureCertificate(record, id, issuer, signingKeys, seconds()))
    },
    async report() {
      const areas = rules.areas.map(async (area) => {
        const shards = [false, true].flatMap((pinned) =>
          Array.from({ length: dataShards }, (_, shard) =>
            objects.dataShard(area, pinned, shard).count(area),
          ),
        )
        const [identities, ...data] = await Promise.all([
          objects.identity(area).count(area),
          ...shards,
        ])
        return { area, identities, data: sums(data.flat()) }
      })
      return reach(() => Promise.all(areas))
    },
  }

  function known(area: string): void {
    if (!rules.areas.includes(area)) throw new LingpaiError('invalid_target')
  }

  /** An id as it came; whatever is none is nobody. */
  function valid(id: string): string {
    try {
      call(() => glue.identityShard(id))
    } catch (error) {
      if (isLingpaiError(error) && error.code !== 'internal') {
        throw new LingpaiError('identity_unknown')
      }
      throw error
    }
    return id
  }
}

/** A write that no other is, for callers that give it no name. */
function freshWrite(): string {
  return engine.call((glue) => glue.identityNew())
}

function statusOf(id: string, { state, route, undone }: DirectoryAnswer): IdentityStatus {
  if (state === undefined) throw new LingpaiError('identity_unknown')
  return {
    id,
    state,
    ...(route && { area: route.area }),
    writable: route?.writable ?? false,
    ...(undone !== undefined && { undone }),
  }
}

/** Why there is no way to an identity. */
function codeOf(state: string | undefined): ErrorCode {
  if (state === undefined) return 'identity_unknown'
  return state === 'registering' ? 'moving' : 'identity_erased'
}

function granted(answer: DirectoryAnswer): DirectoryAnswer {
  if (answer.refused !== undefined) throw new LingpaiError(answer.refused)
  return answer
}

/** Whatever is wrong with what was asked is the caller's fault. The message names the member, never its value. */
function asked<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!isLingpaiError(error) || error.code === 'internal') throw error
    throw new LingpaiError('invalid_request', { message: error.message })
  }
}

/** A host or a directory that cannot be asked: the same may succeed later. */
async function reach<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (isLingpaiError(error) || error instanceof TypeError) throw error
    throw new LingpaiError('temporarily_unavailable', { cause: error })
  }
}

function sums(counts: readonly TypeCount[]): TypeCount[] {
  const byType = new Map<string, number>()
  for (const { type, count } of counts) byType.set(type, (byType.get(type) ?? 0) + count)
  return [...byType].sort().map(([type, count]) => ({ type, count }))
}
