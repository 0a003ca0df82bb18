// Where registrations of partners are looked up.
import type { Client } from './options.js'

/** The registered partners, for authorities that keep them in a store. */
export interface ClientRegistry {
  /** The partner of that id. */
  find(clientId: string): Client | undefined | Promise<Client | undefined>
  /** Whether any enabled partner has a page of that origin; browsers ask before they send a request. */
  hasPage(origin: string): boolean | Promise<boolean>
}

/** A registry that never changes. */
export function fixedClients(clients: readonly Client[]): ClientRegistry {
  const byId = new Map(clients.map((client) => [client.clientId, client]))
  if (byId.size !== clients.length) throw new TypeError('clients: a clientId occurs twice')
  const enabled = clients.filter((client) => client.enabled !== false)
  const pages = new Set(enabled.flatMap((client) => client.pages))
  return {
    find: (clientId) => byId.get(clientId),
    hasPage: (origin) => pages.has(origin),
  }
}
