// A deployment with a vault in real workerd behind a gateway that can fail, and who uses it: a service, or a page.
import { build } from 'esbuild'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import * as deployed from '../../support/deployment.js'
import { encryptionKey, proofKey, secret } from '../../support/jose_keys.js'
import { dpopProof } from '../../support/jose_party.js'
import { at } from '../../support/paths.js'
import { freePort } from '../../support/processes.js'
import { startStaticServer } from '../../support/static_server.js'
import { startWorker } from '../../support/worker.js'
import { ALL, FIELDS, person } from '../../vault/support/world.js'
import { startFaultyGateway, vaultRoutes } from './faulty_gateway.js'

const pages = fileURLToPath(new URL('../pages', import.meta.url))
const symmetric = (kid) => ({ kty: 'oct', kid, alg: 'HS256', k: secret() })

/** Starts it all. `fields`: changes to the vault's fields by name. */
export async function startWorld({ fields = {} } = {}) {
  const workerPort = await freePort()
  const faulty = await startFaultyGateway({ targetPort: workerPort })
  const gateway = `http://127.0.0.1:${faulty.port}`
  const scripts = await bundlePages()
  let deployment
  const server = await startStaticServer({
    mounts: { '/': pages, '/h5/': scripts, '/wasm/': at('npm/h5/dist/wasm') },
    headers: {
      'content-security-policy': `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ${gateway}; base-uri 'none'`,
    },
  })
  const page = `http://localhost:${server.port}`
  deployment = await deployed.createDeployment({ issuer: gateway, pages: [page] })
  const clients = JSON.parse(deployment.bindings.CLIENTS)
  clients[0].scopes.push(...ALL.split(' '))
  const bindings = {
    ...deployment.bindings,
    CLIENTS: JSON.stringify(clients),
    VAULT_SEAL_KEYS: JSON.stringify([{ key: await encryptionKey('seal-1', 'X25519') }]),
    VAULT_DATA_KEYS: JSON.stringify([{ key: symmetric('data-1') }]),
    VAULT_INDEX_KEY: JSON.stringify(symmetric('index')),
    VAULT_FIELDS: JSON.stringify(FIELDS.map((field) => ({ ...field, ...fields[field.name] }))),
  }
  const worker = await startWorker({ port: workerPort, bindings })
  const world = {
    gateway,
    page,
    faulty,
    worker,
    deployment,
    issuer: gateway,
    keys: { keys: [publicHalf(deployment.signing)] },
    /** Lets the vault fail in that way, on those routes only if they are given; in none if it is left out. */
    fail: (fault, only = vaultRoutes) => Object.assign(faulty.state, { fault, only }),
    pageUrl: async (options = {}) => {
      const answer = await deployed.requestAccessToken(deployment, {
        scope: `profile ${ALL}`,
        ...(options.subject && { subject: options.subject }),
      })
      if (answer.status !== 200) throw new Error(`no access token: ${answer.body}`)
      const query = new URLSearchParams({ gateway, ...options })
      return `${page}/tokenizer.html?${query}#at=${answer.accessToken}`
    },
    /** A reader with all rights, who asks the vault itself. */
    reader: () => person({ issuer: gateway, deployment }),
    async stop() {
      await worker.stop()
      await faulty.close()
      await server.close()
      rmSync(scripts, { recursive: true, force: true })
    },
  }
  return world
}

/** A service's way to the vault: its own token and proofs by `jose`. */
export async function serviceOf(world, { subject = crypto.randomUUID(), scope = ALL } = {}) {
  const key = await proofKey()
  const claims = { jkt: key.jkt, sub: subject, scope }
  const token = await deployed.forgeVisitToken(world.deployment, claims)
  const prove = ({ method, url, token }) => dpopProof(key, { method, url, token })
  return {
    proofKeyThumbprint: key.jkt,
    prove,
    async fetch(input, init) {
      const headers = new Headers(init.headers)
      headers.set('authorization', `DPoP ${token}`)
      headers.set('dpop', await prove({ method: init.method, url: String(input), token }))
      return fetch(input, { ...init, headers })
    },
  }
}

/** A host for a durable store: a map that outlives tokenizers, one transaction after the other. */
export function durableHost(entries = new Map()) {
  let turn = Promise.resolve()
  const inOrder = ([left], [right]) => (left < right ? -1 : 1)
  return {
    entries,
    transaction(body) {
      const run = async () => {
        const changed = new Map(entries)
        const result = await body({
          get: (key) => changed.get(key),
          put: (key, text) => void changed.set(key, text),
          delete: (key) => void changed.delete(key),
          list: ({ prefix, after = '', limit }) =>
            [...changed]
              .filter(([key]) => key.startsWith(prefix) && key > after)
              .sort(inOrder)
              .slice(0, limit),
        })
        entries.clear()
        for (const [key, text] of changed) entries.set(key, text)
        return result
      }
      return (turn = turn.then(run, run))
    },
  }
}

function publicHalf({ d: _, ...key }) {
  return key
}

/** The page's script, as an app would bundle it. */
async function bundlePages() {
  const outdir = mkdtempSync(join(tmpdir(), 'lingpai-tokenizer-'))
  await build({
    entryPoints: { tokenizer: join(pages, 'tokenizer.js') },
    outdir,
    absWorkingDir: at('tests'),
    bundle: true,
    splitting: true,
    format: 'esm',
    logLevel: 'error',
  })
  return outdir
}
