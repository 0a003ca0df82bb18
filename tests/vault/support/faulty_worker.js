// A Worker with a vault whose stores can be made to fail before or after a call has done its work, and whose objects can be
// asked directly. Everything else is as in a deployment.
import { createVerifier } from '@lingpai/edge/authority'
import { durableLedger, durableVault, TokenVault as Vault } from '@lingpai/edge/durable'
import { createVault } from '@lingpai/edge/vault'

import { bared } from '../../support/bared.js'

export { VisitLedger } from '@lingpai/edge/durable'

/** Counts the rows that its alarms read. */
export class TokenVault extends bared(Vault) {
  #read = 0
  #alarms = []

  constructor(ctx, env) {
    super(ctx, env)
    const { sql } = ctx.storage
    const exec = sql.exec.bind(sql)
    sql.exec = (...all) => {
      const cursor = exec(...all)
      const rows = cursor.toArray()
      this.#read += cursor.rowsRead
      return { toArray: () => rows }
    }
  }

  async alarm() {
    const before = this.#read
    await super.alarm()
    this.#alarms.push(this.#read - before)
  }

  /** How many rows each alarm has read since this was asked last. */
  alarmReads() {
    return this.#alarms.splice(0)
  }
}

const routes = {
  '/v1/policies': 'issuePolicy',
  '/v1/tokens': 'tokenize',
  '/v1/tokens/reveal': 'reveal',
  '/v1/tokens/canonical': 'canonical',
  '/v1/pools': 'leasePool',
  '/v1/reconcile': 'reconcile',
  '/v1/audit': 'exportAudit',
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url)
    const ledger = durableLedger(env.VISIT_LEDGER)
    const signing = JSON.parse(env.SIGNING_KEYS)
    const verifier = createVerifier({
      issuer: env.ISSUER,
      audience: `${env.ISSUER}/api`,
      publicOrigin: env.ISSUER,
      keys: { keys: signing.map(({ key: { d: _, ...shown } }) => shown) },
      replay: ledger,
    })
    const events = []
    const store = durableVault(env.TOKEN_VAULT)
    const faults = request.headers.get('x-faults')?.split(',') ?? []
    const vault = createVault({
      issuer: env.ISSUER,
      signingKeys: signing,
      sealKeys: JSON.parse(env.VAULT_SEAL_KEYS),
      dataKeys: JSON.parse(env.VAULT_DATA_KEYS),
      indexKey: JSON.parse(env.VAULT_INDEX_KEY),
      fields: JSON.parse(env.VAULT_FIELDS),
      shards: 4,
      store: faulty(store, faults),
      verifier,
      replay: ledger,
      onEvent: ({ type }) => events.push(type),
    })
    if (pathname === '/test') {
      const [target, method, ...parameters] = await request.json()
      const on = Array.isArray(target) ? store[target[0]](...target.slice(1)) : vault
      try {
        return Response.json({ result: (await on[method](...parameters)) ?? null })
      } catch (error) {
        return Response.json({ error: String(error) })
      }
    }
    const response = await vault[routes[pathname]](request)
    response.headers.set('x-events', events.join())
    return response
  },
}

/** `method:before` fails without doing anything, `method:after` does its work and then seems not to have. */
function faulty(store, faults) {
  if (faults.length === 0) return store
  const around = (stub) =>
    new Proxy(stub, {
      get:
        (_, method) =>
        async (...parameters) => {
          if (faults.includes(`${method}:before`)) throw new Error(`no ${method}`)
          const result = await stub[method](...parameters)
          if (faults.includes(`${method}:after`)) throw new Error(`no answer to ${method}`)
          return result
        },
    })
  return {
    holder: (...all) => around(store.holder(...all)),
    shard: (...all) => around(store.shard(...all)),
  }
}
