// What the deployment binds, read once and named in every complaint. Values never appear in one.

import type {
  AliasRegistry,
  PlatformSessions,
  RegionNamespace,
  TokenVault,
  VisitLedger,
} from '@lingpai/edge/durable'
import type { DemoBank } from './demo/bank'

/** Durable Objects and files. */
interface Objects {
  VISIT_LEDGER: DurableObjectNamespace<VisitLedger>
  ALIASES?: DurableObjectNamespace<AliasRegistry>
  DEMO_BANK?: DurableObjectNamespace<DemoBank>
  PLATFORM_SESSIONS?: DurableObjectNamespace<PlatformSessions>
  TOKEN_VAULT?: DurableObjectNamespace<TokenVault>
  REGION_IDENTITIES?: RegionNamespace
  REGION_DATA?: RegionNamespace
  REGION_DIRECTORY?: RegionNamespace
  PAGES?: Fetcher
}

/** Variables and secrets. */
interface Texts {
  ISSUER?: string
  SIGNING_KEYS?: string
  APP_KEYS?: string
  REFRESH_KEYS?: string
  SUBJECT_KEY?: string
  CLIENTS?: string
  ALIAS_KEYS?: string
  MINI_PROGRAMS?: string
  SESSION_KEYS?: string
  VAULT_SEAL_KEYS?: string
  VAULT_DATA_KEYS?: string
  VAULT_INDEX_KEY?: string
  VAULT_FIELDS?: string
  DEMO_PARTNER_KEY?: string
  RESIDENCY?: string
  REGION_KEYS?: string
}

export interface Env extends Objects, Texts {}

type TextBinding = keyof Texts

/** A binding is missing or malformed. The message names it and holds nothing of its value. */
export function bindingProblem(name: keyof Env, complaint: string): Error {
  return Object.assign(new Error(`Binding ${name} ${complaint}`), { binding: name })
}

export function isBindingProblem(error: unknown): error is Error & { binding: keyof Env } {
  return error instanceof Error && 'binding' in error
}

export function text(env: Env, name: TextBinding): string {
  const value = env[name]
  if (typeof value !== 'string' || value === '') throw bindingProblem(name, 'is missing')
  return value
}

export function json<T>(env: Env, name: TextBinding): T {
  try {
    return JSON.parse(text(env, name)) as T
  } catch (error) {
    if (isBindingProblem(error)) throw error
    // The parser's own message quotes the value.
    throw bindingProblem(name, 'is not JSON')
  }
}

/** ISSUER as an origin: https, or http on loopback. */
export function issuer(env: Env): string {
  const value = text(env, 'ISSUER')
  const url = URL.canParse(value) ? new URL(value) : undefined
  const loopback = url && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  if (
    !url ||
    url.origin !== value ||
    !(url.protocol === 'https:' || (loopback && url.protocol === 'http:'))
  ) {
    throw bindingProblem('ISSUER', 'is not an https origin such as https://gate.example')
  }
  return value
}
