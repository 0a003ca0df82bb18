// The options of an exchange, read once.
import { internalsOf, type Internals } from '../authority/internals.js'
import type { Authority } from '../authority.js'
import type { Resource } from '../engine.js'
import { engine } from '../engine/full.js'
import { usable, whole } from '../option-values.js'
import type { RingKey, SharedKey } from '../types.js'
import type { ExchangeLedger } from './ask.js'
import { readClients, type MiniProgram, type MiniProgramRegistry } from './clients.js'
import type { ExchangeEvent } from './events.js'
import type { PlatformStore } from './store.js'

/** Options of `createExchange`. */
export interface ExchangeOptions {
  /** The authority that issues the visit tokens: its keys, its ledger, its clock. */
  authority: Authority
  /** The registered mini-programs. */
  clients: readonly MiniProgram[] | MiniProgramRegistry
  /** Where login codes are claimed and asked about. Default: the authority's ledger, if it can do that. */
  ledger?: ExchangeLedger | undefined
  /** Where sessions, links and access tokens of apps are kept. */
  store: PlatformStore
  /** Keys under which sessions are sealed. They rotate; a session that no key opens any more is gone. */
  sessionKeys: readonly RingKey<SharedKey>[]
  /** How long a session is kept. Default: 259200, three days. */
  sessionLifetimeSeconds?: number | undefined
  /** How old data may be that a platform has made for us. Default: 300. */
  payloadMaxAgeSeconds?: number | undefined
  /** How long a platform may take. Default: 5000. */
  platformTimeoutMs?: number | undefined
  /** Hears what operators want to know. What it throws is ignored. */
  onEvent?: ((event: ExchangeEvent) => void) | undefined
}

/** The same, checked. */
export interface Setup extends Internals {
  clients: MiniProgramRegistry
  exchangeLedger: ExchangeLedger
  store: PlatformStore
  sessionKeys: Resource
  sessionLifetimeSeconds: number
  payloadMaxAgeSeconds: number
  platformTimeoutMs: number
  emit: (event: ExchangeEvent) => void
}

const storeMethods = ['keepSession', 'sessionsOf', 'link', 'forget', 'accessToken'] as const

/** Checks options. */
export function readSetup(options: ExchangeOptions): Setup {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: missing')
  const { store, onEvent } = options
  const internals = internalsOf(options.authority)
  const ledger = options.ledger ?? (internals.settings.ledger as Partial<ExchangeLedger>)
  if (typeof ledger?.ask !== 'function') throw new TypeError('ledger: has no ask()')
  for (const name of storeMethods) {
    if (typeof store?.[name] !== 'function') throw new TypeError(`store: has no ${name}()`)
  }
  if (!Array.isArray(options.sessionKeys)) {
    throw new TypeError('sessionKeys: has to be an array of { key }')
  }
  const ring = JSON.stringify(options.sessionKeys)
  const { glue, resource } = engine
  return {
    ...internals,
    clients: readClients(options.clients),
    exchangeLedger: ledger as ExchangeLedger,
    store,
    sessionKeys: usable('sessionKeys', () =>
      resource(() => glue.sessionKeysNew(ring), glue.sessionKeysFree),
    ),
    sessionLifetimeSeconds: whole(
      'sessionLifetimeSeconds',
      options.sessionLifetimeSeconds ?? 259_200,
      31_536_000,
      60,
    ),
    payloadMaxAgeSeconds: whole(
      'payloadMaxAgeSeconds',
      options.payloadMaxAgeSeconds ?? 300,
      86_400,
      1,
    ),
    platformTimeoutMs: whole('platformTimeoutMs', options.platformTimeoutMs ?? 5000, 30_000, 1),
    emit(event) {
      try {
        onEvent?.(event)
      } catch {
        // Whoever listens is not to spoil an answer.
      }
    },
  }
}
