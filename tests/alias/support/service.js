// The service under test in real workerd with its state on disk, the bank behind it, and pages that ask it.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { Agent, createServer, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createHash, randomBytes } from 'node:crypto'

import { build } from 'esbuild'
import { Miniflare } from 'miniflare'

import { publicKey, proofKey, secret, signingKey } from '../../support/jose_keys.js'
import { dpopProof, nowSeconds, sign } from '../../support/jose_party.js'
import { childIds } from '../../support/processes.js'
import { until } from '../../support/until.js'

export const origin = 'https://api.example'
const issuer = 'https://auth.example'

/** The multiplier of the weak method, and its inverse modulo 10⁸. */
export const multiplier = 12_345_679
export const randomId = () => randomBytes(16).toString('base64url')

/** Starts all of it. */
export async function startService({ timeoutMs = 2_000, taken = '' } = {}) {
  const bank = await startBank()
  const signing = await signingKey('s1')
  const home = mkdtempSync(join(tmpdir(), 'lingpai-alias-'))
  const modules = await bundle(join(home, 'modules'))
  const aliasKey = secret()
  const log = []
  const options = {
    host: '127.0.0.1',
    port: 0,
    cf: false,
    modulesRoot: join(home, 'modules'),
    modules,
    compatibilityDate: '2026-03-01',
    handleRuntimeStdio(stdout, stderr) {
      for (const stream of [stdout, stderr]) stream.on('data', (data) => log.push(String(data)))
    },
    bindings: {
      VERIFIER: { issuer, audience: origin, publicOrigin: origin, keys: [publicKey(signing)] },
      ALIAS_KEY: aliasKey,
      MULTIPLIER: multiplier,
      OUTSIDE: bank.url,
      TAKEN: taken,
      TIMEOUT_MS: timeoutMs,
    },
    durableObjects: {
      ALIASES: { className: 'AliasRegistry', useSQLite: true },
      REPLAY: { className: 'ReplayLedger', useSQLite: true },
    },
    durableObjectsPersist: join(home, 'state'),
  }
  let workerd
  let url
  let pid
  async function boot() {
    const before = childIds('workerd')
    workerd = new Miniflare(options)
    url = String(await workerd.ready)
    pid = childIds('workerd').find((id) => !before.includes(id))
  }
  await boot()

  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const postOnce = (path, { headers, body }) =>
    new Promise((resolve, reject) => {
      const options = { method: 'POST', agent, headers: { ...headers } }
      const request = httpRequest(new URL(path, url), options, async (response) => {
        try {
          const parts = []
          for await (const part of response) parts.push(part)
          const text = Buffer.concat(parts).toString()
          const { statusCode: status } = response
          resolve({ status, headers: new Headers(response.headers), text, json: parsed(text) })
        } catch (error) {
          reject(error)
        }
      })
      request.on('error', reject)
      request.end(body)
    })

  /** For what may be sent again as it is: workerd drops connections that are idle or come in crowds. */
  async function post(path, request) {
    for (let left = 5; ; left--) {
      try {
        return await postOnce(path, request)
      } catch (error) {
        if (left === 0 || !wasDropped(error) || request.headers?.['x-stop-at']) throw error
      }
    }
  }

  return {
    bank,
    log,
    post,
    signing,
    /** A page with a visit of its own. */
    async page(claims = {}) {
      return createPage({ post: postOnce, signing, claims })
    },
    /** All that the object of that name keeps. */
    async held(object) {
      const response = await fetch(new URL(`/held?object=${encodeURIComponent(object)}`, url))
      return response.json()
    },
    async events() {
      return (await fetch(new URL('/events', url))).json()
    },
    /** Every byte that workerd has on disk, as latin1. */
    disk: () =>
      filesIn(join(home, 'state'))
        .map((path) => readFileSync(path, 'latin1'))
        .join(),
    /** Ends workerd without a warning and starts it again on what it left on disk. */
    async crash() {
      process.kill(pid, 'SIGKILL')
      await workerd.dispose()
      await boot()
    },
    async stop() {
      await workerd.dispose()
      await bank.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

async function createPage({ post, signing, claims: more }) {
  const key = await proofKey()
  const iat = nowSeconds()
  const claims = {
    iss: issuer,
    aud: origin,
    sub: 'user-1',
    sid: randomId(),
    jti: randomId(),
    iat,
    exp: iat + 900,
    cnf: { jkt: key.jkt },
    ...more,
  }
  const token = await sign('vt+jwt', claims, signing)

  /**
   * A request with its token and a fresh proof that covers `proven`, by default the body. What workerd dropped is sent again
   * with another proof, as a page does.
   */
  async function send(path, members, options = {}) {
    for (let left = 5; ; left--) {
      try {
        return await sendOnce(path, members, options)
      } catch (error) {
        if (left === 0 || !wasDropped(error) || options.headers?.['x-stop-at']) throw error
      }
    }
  }

  async function sendOnce(path, members, { proven, headers = {}, proof = {} }) {
    const body = typeof members === 'string' ? members : JSON.stringify(members)
    const covered = proven === undefined ? body : proven
    const lp_body = covered === null ? undefined : hashOf(covered)
    const url = origin + path
    const dpop = await dpopProof(key, {
      method: 'POST',
      url,
      token,
      claims: { ...(lp_body && { lp_body }), ...proof },
    })
    return post(path, { body, headers: { authorization: `DPoP ${token}`, dpop, ...headers } })
  }

  return {
    claims,
    send,
    open: (account, { headers, ...more } = {}) =>
      send('/v1/aliases', { account, operation: 'transfer', ...more }, { headers }),
    /** An alias that has to be given. */
    async alias(account = 'user-13800138000', more = {}) {
      const { status, json, text } = await this.open(account, more)
      if (status !== 201) throw new Error(`no alias: ${status} ${text}`)
      return json
    },
    submit: (
      alias,
      { key = randomId(), details = { amount: 1 }, operation = 'transfer', ...more } = {},
    ) => send('/v1/operations', { alias, operation, details, idempotency_key: key }, more),
    /** As `submit`, and again as long as the answer is not final. */
    async settle(alias, { key = randomId(), ...more } = {}) {
      const ask = async () => {
        const answer = await this.submit(alias, { key, ...more })
        return answer.status !== 202 && answer
      }
      // A thousand at once take their time on a busy machine.
      return until('an outcome', ask, { timeoutMs: 120_000 })
    },
    claim: ({ alias, handle, claim }, options) =>
      send('/v1/aliases/claim', { alias, handle, claim }, options),
  }
}

/** The service's own execution, outside of workerd: what happened there is known whatever is killed. */
async function startBank() {
  const executions = []
  const answers = new Map()
  const waiting = []
  const bank = { executions, fail: undefined, delayMs: 0, hold: undefined }
  const server = createServer(async (request, response) => {
    const parts = []
    for await (const part of request) parts.push(part)
    const { pathname, searchParams } = new URL(request.url, 'http://outside')
    const body = parts.length ? JSON.parse(Buffer.concat(parts)) : {}
    const answer = (value) => response.end(JSON.stringify(value ?? null))
    if (pathname === '/reached') {
      const step = searchParams.get('step')
      waiting.splice(0).forEach((tell) => tell(step))
      return answer({})
    }
    if (pathname === '/resolve')
      return answer(bank.resolve?.(body) ?? answers.get(body.idempotencyKey))
    if (bank.fail === 'before') return response.writeHead(500).end('{}')
    executions.push(body)
    const outcome = bank.outcome?.(body) ?? { result: { receipt: executions.length } }
    answers.set(body.idempotencyKey, outcome)
    await bank.hold
    if (bank.fail === 'after') return response.writeHead(500).end('{}')
    answer(outcome)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(bank, {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Resolves with the step at which a request was stopped. */
    reached: () => new Promise((tell) => waiting.push(tell)),
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  })
}

async function bundle(outdir) {
  await build({
    entryPoints: [fileURLToPath(new URL('alias_worker.js', import.meta.url))],
    bundle: true,
    format: 'esm',
    conditions: ['workerd'],
    external: ['cloudflare:workers'],
    loader: { '.wasm': 'copy' },
    outdir,
    logLevel: 'error',
  })
  const files = readdirSync(outdir).sort((one) => (one.endsWith('.js') ? -1 : 1))
  return files.map((name) => ({
    type: name.endsWith('.wasm') ? 'CompiledWasm' : 'ESModule',
    path: join(outdir, name),
  }))
}

const wasDropped = ({ code }) => code === 'ECONNRESET' || code === 'ECONNREFUSED'

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function filesIn(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

const hashOf = (text) => createHash('sha256').update(text).digest('base64url')
