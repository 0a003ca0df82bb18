// Stores on Cloudflare Durable Objects: classes to export, and what stands behind a binding to them. A Worker that only verifies
// takes `ReplayLedger` and `durableReplay`, and bundles no module of the authority.
export { AliasRegistry, type AliasAudit } from './durable/alias-registry.js'
export { durableAliases, type AliasNamespace, type DurableAliases } from './durable/alias-store.js'
export { ReplayLedger } from './durable/replay-ledger.js'
export { TokenVault } from './durable/token-vault.js'
export { VisitLedger } from './durable/visit-ledger.js'
export { PlatformSessions } from './durable/platform-sessions.js'
export { durableLedger, durableReplay } from './durable/stores.js'
export { durableSessions } from './durable/sessions.js'
export type { SessionsNamespace } from './durable/sessions.js'
export type { Asked, ExchangeLedger, LoginCall } from './exchange/ask.js'
export type { PlatformCall } from './exchange/call.js'
export type { PlatformStore } from './exchange/store.js'
export { durableVault, type VaultNamespace, type VaultStore } from './vault/store.js'
export type {
  DurableLedger,
  DurableReplay,
  LedgerNamespace,
  ReplayNamespace,
} from './durable/stores.js'
export type { CutOff, CutOffStore } from './revocation/cut-off.js'
export type { Ledger, LedgerCommand, LedgerOutcome, LoginClaim } from './authority/ledger.js'
export { regionHosts } from './durable/region/region-hosts.js'
export type { RegionHosts } from './durable/region/region-hosts.js'
export type {
  RegionNamespace,
  RegionNamespaces,
  RegionPlace,
  RegionPlacement,
} from './durable/region/objects.js'
export type { RegionClass, RegionKeys, RegionSettings } from './durable/region/settings.js'
