// The three classes of regional residency, for the settings that a deployment reads from its bindings.
import { dataHost, type DataHost } from './data-host.js'
import { directory, type Directory } from './directory.js'
import { identityHost, type IdentityHost } from './identity-host.js'
import type { RegionClass, RegionSettings } from './settings.js'

/** The three classes. */
export interface RegionHosts<Env> {
  RegionIdentityHost: RegionClass<Env, IdentityHost>
  RegionDataHost: RegionClass<Env, DataHost>
  RegionDirectory: RegionClass<Env, Directory>
}

/**
 * Makes the Durable Object classes of regional residency: `RegionIdentityHost` keeps identifiers, `RegionDataHost` keeps data,
 * `RegionDirectory` knows where each identity is in force. Declare all three as `new_sqlite_classes`, and export them:
 *
 * ```ts
 * export const { RegionIdentityHost, RegionDataHost, RegionDirectory } = regionHosts((env: Env) => settings(env))
 * ```
 *
 * `settingsOf` is called once for each environment. What is wrong with the settings is a `TypeError` that names it.
 */
export function regionHosts<Env>(settingsOf: (env: Env) => RegionSettings): RegionHosts<Env> {
  return {
    RegionIdentityHost: identityHost(settingsOf),
    RegionDataHost: dataHost(settingsOf),
    RegionDirectory: directory(settingsOf),
  }
}
