// Regional residency: where identities and their data live, how they move, and how they are erased, over HTTP and as functions.
import { identitiesOf, type Identities } from './residency/identities.js'
import { readOptions, type ResidencyOptions } from './residency/options.js'
import { residencyRoutes } from './residency/routes.js'
import { engine } from './engine/full.js'

export type {
  AreaReport,
  Identities,
  IdentityStatus,
  Registered,
  TypeCount,
} from './residency/identities.js'
export type { ResidencyOptions } from './residency/options.js'
export type { ResidencyScope } from './residency/routes.js'
export type { ResidencyRules } from './residency/rules.js'
export type {
  RegionNamespace,
  RegionNamespaces,
  RegionPlace,
  RegionPlacement,
} from './durable/region/objects.js'
export { isLingpaiError, LingpaiError } from './error.js'
export type { ErrorCode, LingpaiErrorOptions } from './error.js'

/** Residency at work. */
export interface Residency extends Identities {
  /** Answers a request under `/v1/users`. Never rejects. */
  answer(request: Request): Promise<Response>
}

/** Makes residency. Throws a `TypeError` that names the option where one is wrong. */
export function createResidency(options: ResidencyOptions): Residency {
  const settings = readOptions(options)
  const identities = identitiesOf(settings)
  const types = (options.rules.data ?? []).map(({ type }) => type)
  return { ...identities, answer: residencyRoutes(identities, settings, types) }
}

/**
 * What stands for an identity in certificates of erasure (`sub_hash`): with it, whoever knows the id can tell that a
 * certificate is about that one.
 */
export function erasureSubject(id: string): string {
  return engine.call((glue) => glue.erasureSubject(id))
}
