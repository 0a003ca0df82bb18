// Which object is asked for what: one identity host for each area, 16 data hosts for each area and as many for what is pinned to
// it, one directory object for each identity.
import { engine } from '../../engine/full.js'
import type { DataHost } from './data-host.js'
import type { Directory } from './directory.js'
import type { IdentityHost } from './identity-host.js'

/** How many objects the data of an area are spread over: by four bits of the id, for ever. */
export const dataShards = 16

/** What is used of a Durable Object namespace. */
export interface RegionNamespace {
  idFromName(name: string): unknown
  get(id: never, options?: never): unknown
  /** Absent where the platform has no jurisdictions. */
  jurisdiction?(name: never): RegionNamespace
}

/** The namespaces to which the three classes are bound. */
export interface RegionNamespaces {
  identities: RegionNamespace
  data: RegionNamespace
  directory: RegionNamespace
}

/** Where the platform is to keep an area's objects. */
export interface RegionPlace {
  /** A guarantee of the platform: the objects run and store there and nowhere else. */
  jurisdiction?: 'eu' | 'fedramp' | undefined
  /** A hint, for areas that are no jurisdiction of the platform: `apac`, `weur`, `enam`, … It guarantees nothing. */
  locationHint?: string | undefined
}

/** Where objects go. */
export interface RegionPlacement {
  /** The place of each area. Default: wherever the platform puts it. */
  places?: Readonly<Record<string, RegionPlace>> | undefined
  /**
   * `ignore` only in development: workerd by itself has no jurisdictions and refuses them. With `require`, the default, an area
   * with a jurisdiction that the platform does not have is not served at all.
   */
  jurisdictions?: 'require' | 'ignore' | undefined
}

/** The objects of a deployment. */
export interface RegionObjects {
  identity(area: string): IdentityHost
  /** The object for an identity's data, of those that live at home or of those that are pinned to the area. */
  data(area: string, pinned: boolean, id: string): DataHost
  dataShard(area: string, pinned: boolean, shard: number): DataHost
  directory(id: string): Directory
}

/** The objects behind namespaces. */
export function regionObjects(
  namespaces: RegionNamespaces,
  { places, jurisdictions = 'require' }: RegionPlacement,
): RegionObjects {
  function object(all: RegionNamespace, area: string, name: string): unknown {
    const { jurisdiction, locationHint } = places?.[area] ?? {}
    let namespace = all
    if (jurisdiction !== undefined && jurisdictions === 'require') {
      if (!all.jurisdiction) throw new TypeError('places: this platform has no jurisdictions')
      namespace = all.jurisdiction(jurisdiction as never)
    }
    const hint = locationHint === undefined ? undefined : ({ locationHint } as never)
    return namespace.get(namespace.idFromName(name) as never, hint)
  }
  const dataShard = (area: string, pinned: boolean, shard: number) =>
    object(namespaces.data, area, `data/${area}/${pinned ? 'pinned' : 'home'}/${shard}`) as DataHost
  const { directory } = namespaces
  return {
    identity: (area) => object(namespaces.identities, area, `identity/${area}`) as IdentityHost,
    data: (area, pinned, id) =>
      dataShard(
        area,
        pinned,
        engine.call((glue) => glue.identityShard(id)),
      ),
    dataShard,
    directory: (id) => directory.get(directory.idFromName(`identity/${id}`) as never) as Directory,
  }
}
