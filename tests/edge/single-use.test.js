// Using something once, in real workerd over HTTP: however many come at once, one is accepted; what is over is forgotten.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Miniflare } from 'miniflare'
import { at } from '../support/paths.js'
import { bundle } from '../support/runtimes/bundle.js'
import { modulesIn } from '../support/runtimes/workerd.js'
import { until } from '../support/until.js'
import { client, get } from './support/client.js'

const many = 1000
const service = client()
let workerd
let removeBundle
let url

before(async () => {
  const worker = JSON.stringify(at('tests/edge/support/single_use_worker.js'))
  const source = `export { default, VisitLedger } from ${worker}`
  const { directory, remove } = await bundle('worker.js', source, {
    conditions: ['workerd', 'worker'],
    loader: { '.wasm': 'copy' },
  })
  removeBundle = remove
  workerd = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    rootPath: directory,
    modulesRoot: directory,
    modules: modulesIn(directory, 'worker.js'),
    compatibilityDate: '2026-03-01',
    bindings: { OPTIONS: service.options },
    durableObjects: { VISITS: { className: 'VisitLedger', useSQLite: true } },
  })
  url = (await workerd.ready).origin
})

after(async () => {
  await workerd?.dispose()
  removeBundle?.()
})

/** How many answers there were of each kind. */
function tally(answers) {
  const counts = {}
  for (const { status, json } of answers) {
    const kind = status === 200 ? 'accepted' : (json?.error_description ?? String(status))
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

describe(`of ${many} requests at once`, () => {
  test('with the same proof, one is accepted', async () => {
    const headers = await service.headers('/orders')
    const answers = await Promise.all(
      Array.from({ length: many }, () => get(`${url}/orders`, headers)),
    )
    assert.deepEqual(tally(answers), { accepted: 1, proof_replayed: many - 1 })
  })

  test('with proofs of their own, all are accepted', async () => {
    const token = service.bound({ jti: 'often' })
    const answers = await eachWithItsProof('/orders', token)
    assert.deepEqual(tally(answers), { accepted: many })
  })

  test('with proofs of their own and a token for single use, one is accepted', async () => {
    const token = service.bound({ jti: 'once' })
    const answers = await eachWithItsProof('/once', token)
    assert.deepEqual(tally(answers), { accepted: 1, replayed: many - 1 })
  })

  test('with a bearer token for single use, one is accepted', async () => {
    const headers = { authorization: `Bearer ${service.sign({ jti: 'bearer' })}` }
    const answers = await Promise.all(
      Array.from({ length: many }, () => get(`${url}/once`, headers)),
    )
    assert.deepEqual(tally(answers), { accepted: 1, replayed: many - 1 })
  })

  async function eachWithItsProof(path, token) {
    const requests = await Promise.all(
      Array.from({ length: many }, () => service.headers(path, token)),
    )
    return Promise.all(requests.map((headers) => get(url + path, headers)))
  }
})

describe('single use', () => {
  test('needs a token with an id', async () => {
    const answer = await get(`${url}/once`, await service.headers('/once'))
    assert.deepEqual([answer.status, answer.json.error_description], [401, 'claim_invalid'])
  })

  test('is not spent by a request that is refused for another reason', async () => {
    const token = service.bound({ jti: 'kept' })
    const headers = await service.headers('/orders', token)
    const elsewhere = await get(`${url}/once`, headers)
    assert.equal(elsewhere.json.error_description, 'proof_url_mismatch')
    const again = await get(`${url}/once`, await service.headers('/once', token))
    assert.equal(again.status, 200, again.text)
  })
})

describe('the objects behind it', () => {
  const post = async (path, value) =>
    (await fetch(url + path, { method: 'POST', body: JSON.stringify(value) })).json()
  const burn = (key, untilSeconds) => post('/burn', [key, untilSeconds])
  const soon = () => Math.floor(Date.now() / 1000) + 60

  test('are one for each proof key, and many for the tokens of one issuer', async () => {
    const names = { proof: new Set(), token: new Set() }
    for (let i = 0; i < 40; i++) {
      const id = crypto.getRandomValues(Buffer.alloc(32)).toString('base64url')
      for (const kind of ['proof', 'token']) {
        const { fresh, object } = await burn(`${kind}/owner/${id}`, soon())
        assert.equal(fresh, true)
        names[kind].add(object)
      }
    }
    assert.deepEqual([...names.proof], ['proof/owner'])
    assert.ok(names.token.size > 30, `${names.token.size} of 4096`)
  })

  test('keep apart what differs in kind, owner or id alone', async () => {
    const keys = ['proof/a/1', 'proof/a/2', 'proof/b/1', 'token/a/1', 'token/b/1', 'assertion/a/1']
    for (const expected of [true, false]) {
      for (const key of keys) assert.equal((await burn(key, soon())).fresh, expected, key)
    }
  })

  test('forget what is over, though something later is kept, and are empty in the end', async () => {
    const name = 'proof/short'
    const held = () => post('/held', name)
    await burn(`${name}/later`, soon())
    await burn(`${name}/over`, 1)
    await until('the end of what is over', async () => (await held()).ids.length === 1)
    const { ids, alarm } = await held()
    assert.deepEqual(ids, ['burned later'])
    assert.ok(alarm > Date.now(), 'rings for what is left')
    const empty = 'proof/empty'
    await burn(`${empty}/over`, 1)
    await until('nothing', async () => (await post('/held', empty)).ids.length === 0)
    assert.deepEqual(await post('/held', empty), { ids: [], alarm: null })
  })
})
