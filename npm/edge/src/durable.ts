// Stores on Cloudflare Durable Objects: classes to export, and what stands behind a binding to them. A Worker that only verifies
// takes `ReplayLedger` and `durableReplay`, and bundles no module of the authority.
export { ReplayLedger } from './durable/replay-ledger.js'
export { TokenVault } from './durable/token-vault.js'
export { VisitLedger } from './durable/visit-ledger.js'
export { durableLedger, durableReplay } from './durable/stores.js'
export { durableVault, type VaultNamespace, type VaultStore } from './vault/store.js'
export type {
  DurableLedger,
  DurableReplay,
  LedgerNamespace,
  ReplayNamespace,
} from './durable/stores.js'
export type { CutOff, CutOffStore } from './revocation/cut-off.js'
export type { Ledger, LedgerCommand, LedgerOutcome } from './authority/ledger.js'
