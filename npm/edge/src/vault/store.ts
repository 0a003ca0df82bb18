// What a vault asks of the objects behind it, and the durable ones.
import type { TokenVault } from '../durable/token-vault.js'

type Remote<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never
}

/** What is kept of one person. Each call is one transaction; it rejects when the store does not know. */
export type HolderStore = Pick<
  Remote<TokenVault>,
  'grant' | 'admit' | 'settle' | 'leaseOf' | 'take' | 'close'
>

/** What a shard keeps. Each call is one transaction; it rejects when the store does not know. */
export type ShardStore = Pick<
  Remote<TokenVault>,
  | 'register'
  | 'draw'
  | 'lease'
  | 'claim'
  | 'bind'
  | 'meaning'
  | 'canonical'
  | 'reveal'
  | 'erase'
  | 'eraseOwner'
  | 'trail'
  | 'rotate'
>

/** Where a vault keeps everything. Strongly consistent for each holder and each shard. */
export interface VaultStore {
  /** The rows of a person. */
  holder(tenant: string, holder: string): HolderStore
  /** The rows of a shard. */
  shard(tenant: string, shard: number): ShardStore
}

/** What is used of a Durable Object namespace that is bound to `TokenVault`. */
export interface VaultNamespace {
  idFromName(name: string): unknown
  get(id: never): unknown
}

/** The store behind a binding to `TokenVault`: `durableVault(env.TOKEN_VAULT)`. */
export function durableVault(namespace: VaultNamespace): VaultStore {
  const named = (...parts: string[]) =>
    namespace.get(namespace.idFromName(parts.map(encodeURIComponent).join('/')) as never)
  return {
    holder: (tenant, holder) => named('holder', tenant, holder) as HolderStore,
    shard: (tenant, shard) => named('shard', tenant, String(shard)) as ShardStore,
  }
}
