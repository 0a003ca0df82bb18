// A Worker with the hosts of three areas and their directory, as a deployment would have them, and besides: faults that tests put in
// front of a method or behind it, and a look into the tables of each object.
import { regionHosts } from '@lingpai/edge/durable'
import { createResidency } from '@lingpai/edge/residency'

const methods = {
  identity: 'find claim change reveal copyFor stage freeze activate remove count',
  data: 'read put drop copyFor stage freeze activate remove count',
  directory: 'look register confirm abandon move remove record',
}

/** What happens at a method after `skip` calls, `times` times: it cannot be reached, its answer is lost, or the process is killed. */
let fault

async function maybe(env, kind, method, moment) {
  const now = fault
  if (!now || now.kind !== kind || now.method !== method || now.moment !== moment) return
  if (now.skip-- > 0) return
  now.times = (now.times ?? 1) - 1
  if (now.times <= 0) fault = undefined
  if (now.effect === 'kill') {
    await env.HARNESS.fetch('http://harness/kill', { method: 'POST' })
    // The process is dead before this comes to its end.
    await new Promise(() => {})
  }
  throw new Error(`a fault: ${now.effect}`)
}

/** The class with faults around its methods. */
function frail(Class, kind) {
  const Frail = class extends Class {
    async dump() {
      const { sql } = this.ctx.storage
      const tables = sql
        .exec(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
        )
        .toArray()
      const rows = tables.map(({ name }) => [name, sql.exec(`SELECT * FROM "${name}"`).toArray()])
      return Object.fromEntries(rows)
    }

    async plant(table) {
      this.ctx.storage.sql.exec(table)
    }
  }
  for (const method of methods[kind].split(' ')) {
    Frail.prototype[method] = async function (...all) {
      await maybe(this.env, kind, method, 'before')
      const answer = await Class.prototype[method].apply(this, all)
      await maybe(this.env, kind, method, 'after')
      return answer
    }
  }
  return Frail
}

const ended = []

const hosts = regionHosts((env) => ({
  areas: env.RULES.areas,
  keys: env.REGION_KEYS,
  namespaces: namespaces(env),
  places: env.PLACES,
  jurisdictions: env.JURISDICTIONS,
  async endSessions(id) {
    ended.push(id)
  },
  async eraseVault() {
    return 2
  },
}))

export const RegionIdentityHost = frail(hosts.RegionIdentityHost, 'identity')
export const RegionDataHost = frail(hosts.RegionDataHost, 'data')
export const RegionDirectory = frail(hosts.RegionDirectory, 'directory')

function namespaces(env) {
  return { identities: env.IDENTITIES, data: env.DATA, directory: env.DIRECTORY }
}

const nobody = { verify: async () => ({ claims: {} }), refusal: () => new Response(null) }

function residency(env, verifier = nobody) {
  return createResidency({
    rules: env.RULES,
    namespaces: namespaces(env),
    places: env.PLACES,
    jurisdictions: env.JURISDICTIONS,
    verifier,
    issuer: 'https://auth.example',
    signingKeys: env.SIGNING_KEYS,
  })
}

export default {
  async fetch(request, env) {
    const [method, ...all] = await request.json()
    try {
      return Response.json({ result: (await answer(method, all, env)) ?? null })
    } catch (error) {
      return Response.json({ error: { code: error.code ?? null, message: String(error) } })
    }
  },
}

function answer(method, all, env) {
  if (method === 'fault') return (fault = all[0])
  if (method === 'ended') return ended
  if (method === 'object') {
    const [binding, name, called, ...rest] = all
    return env[binding].get(env[binding].idFromName(name))[called](...rest)
  }
  if (method === 'http') return http(env, ...all)
  return residency(env)[method](...all)
}

/** A request over HTTP by somebody whose token has these claims. */
async function http(env, claims, method, path, body, headers) {
  const verifier = {
    verify: async () => ({ claims }),
    refusal: (error) => Response.json({ error: error.code }, { status: error.status }),
  }
  const url = `https://auth.example${path}`
  const response = await residency(env, verifier).answer(
    new Request(url, { method, body: body ?? undefined, headers: headers ?? {} }),
  )
  const text = await response.text()
  return { status: response.status, headers: Object.fromEntries(response.headers), text }
}
