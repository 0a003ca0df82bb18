// A service whose operations go under aliases, for tests: it says what its objects hold, and can be stopped at any step.
import { createVerifier } from '@lingpai/edge/authority'
import { AliasRegistry as Registry, durableAliases, durableReplay } from '@lingpai/edge/durable'
import { createOperations } from '@lingpai/edge/operations'

export { ReplayLedger } from '@lingpai/edge/durable'

export class AliasRegistry extends Registry {
  /** All that is kept. */
  held() {
    const { sql } = this.ctx.storage
    const tables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'entries'").toArray()
    return tables.length ? sql.exec('SELECT id, until, record FROM entries').toArray() : []
  }
}

const paths = {
  '/v1/aliases': 'openAlias',
  '/v1/aliases/claim': 'claimAlias',
  '/v1/aliases/close': 'closeAlias',
  '/v1/operations': 'execute',
}

const methods = [
  'room',
  'take',
  'reserve',
  'open',
  'begin',
  'settle',
  'close',
  'bury',
  'release',
  'adopt',
  'forget',
]

const services = new Map()
const events = []

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/held') {
      const id = env.ALIASES.idFromName(searchParams.get('object'))
      return Response.json(await env.ALIASES.get(id).held())
    }
    if (pathname === '/events') return Response.json(events)
    const method = request.headers.get('x-method') ?? 'ff1'
    const lifetime = Number(request.headers.get('x-lifetime') ?? 300)
    const perHour = Number(request.headers.get('x-per-hour') ?? 100_000)
    const service = serviceOf(method, lifetime, perHour, env)
    const name = paths[pathname]
    return stoppable(request, env, service)[name](request)
  },
}

function serviceOf(method, lifetime, perHour, env) {
  const name = `${method} ${lifetime} ${perHour}`
  if (!services.has(name)) services.set(name, optionsOf(method, lifetime, perHour, env))
  return services.get(name)
}

const made = new WeakMap()

function madeOf(options) {
  if (!made.has(options)) made.set(options, createOperations(options))
  return made.get(options)
}

/** Every step that the service takes outside of itself; at the one that a request names, it says so and never goes on. */
function stoppable(request, env, options) {
  const stopAt = request.headers.get('x-stop-at')
  if (stopAt === null) return madeOf(options)
  const stop = async (step) => {
    if (step !== stopAt) return
    await fetch(`${env.OUTSIDE}/reached?step=${encodeURIComponent(step)}`)
    await new Promise(() => setInterval(() => {}, 1000))
  }
  const around =
    (name, run) =>
    async (...all) => {
      await stop(`before ${name}`)
      const result = await run(...all)
      await stop(`after ${name}`)
      return result
    }
  // Each call to an object is a step of its own.
  const watched = (object) =>
    Object.fromEntries(
      methods.map((name) => [name, around(name, (...all) => object[name](...all))]),
    )
  const store = durableAliases({
    idFromName: (name) => env.ALIASES.idFromName(name),
    get: (id) => watched(env.ALIASES.get(id)),
  })
  return createOperations({ ...options, store, execute: around('execute', options.execute) })
}

function optionsOf(method, aliasLifetimeSeconds, aliasesPerHour, env) {
  const outside = async (path, body) => {
    const response = await fetch(env.OUTSIDE + path, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`outside answers ${response.status} for ${body.account}`)
    return response.json()
  }
  return {
    verifier: createVerifier({
      ...env.VERIFIER,
      replay: durableReplay(env.REPLAY),
    }),
    store: durableAliases(env.ALIASES),
    keys: [{ kty: 'oct', k: env.ALIAS_KEY }],
    operations: ['transfer', 'close-account'],
    method,
    aliasLifetimeSeconds,
    aliasesPerHour,
    ...(method === 'multiply' && { multiplier: env.MULTIPLIER }),
    ownsAccount: ({ account }) => !account.startsWith('foreign-'),
    accountExists: (identifier) => identifier === env.TAKEN,
    execute: ({ type, account, details, subject, idempotencyKey }) =>
      outside('/execute', { type, account, details, subject, idempotencyKey }),
    async resolve({ idempotencyKey }) {
      return (await outside('/resolve', { idempotencyKey })) ?? undefined
    },
    executionTimeoutMs: env.TIMEOUT_MS,
    onEvent: (event) => {
      events.push(event)
      console.log(JSON.stringify(event))
    },
  }
}
