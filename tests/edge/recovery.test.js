// After a trap in the module the request is refused, and the next one works on a new instance. The traps are real: the
// module is made to fail in the middle of its work. In all runtimes: recovery-runtimes.test.js.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { beforeEach, describe, test } from 'node:test'
import { createMetrics, createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { createEngine, trapOf } from '../../npm/edge/dist/engine.js'
import { at } from '../support/paths.js'
import { run } from '../support/processes.js'
import { audience, clockAt, issuer, start, visit, world } from './support/world.js'

const { Instance, RuntimeError } = WebAssembly

/** What the instances of this process are asked, in order: { instance, name }. */
let asked = []
/** May alter the arguments of a call into an instance, or what comes of it. */
let fault
const memories = []

WebAssembly.Instance = function (module, imports) {
  const made = new Instance(module, imports).exports
  const instance = memories.push(made.memory) - 1
  const exports = Object.entries(made).map(([name, value]) => [
    name,
    typeof value !== 'function'
      ? value
      : (...args) => {
          asked.push({ instance, name })
          return fault ? fault({ name, args, made }) : value(...args)
        },
  ])
  return { exports: Object.fromEntries(exports) }
}

/** Each makes the next verification trap in another way. */
const faults = {
  'an access out of bounds': ({ name, args, made }) =>
    name === 'verifierVerify'
      ? made[name](args[0], 0xffff_fff0, ...args.slice(2))
      : made[name](...args),
  'memory that is used up': ({ name, args, made }) => {
    if (name === 'verifierVerify') {
      for (const size of [65_536, 256, 1]) {
        assert.throws(() => {
          for (;;) made.__wbindgen_malloc(size, 1)
        }, RuntimeError)
      }
      assert.equal(made.memory.buffer.byteLength, 64 * 1024 * 1024)
    }
    return made[name](...args)
  },
  'a result that is no string': ({ name, args, made }) =>
    name === 'verifierVerify' ? [0xffff_fff0, 0x7fff_ffff, null, 0] : made[name](...args),
}

const key = generateKey('Ed25519', { kid: 'k1' })
const options = { issuer, audience, keys: [publicKey(key)], now: clockAt() }
const signed = (jti) => {
  const claims = { iss: issuer, aud: audience, jti, iat: start / 1000, exp: start / 1000 + 900 }
  return signJws(JSON.stringify(claims), key, { typ: 'vt+jwt' })
}

beforeEach(() => {
  fault = undefined
})

describe('a trap in mid-verification', () => {
  for (const [name, breakIt] of Object.entries(faults)) {
    test(`by ${name} refuses that request; the next one works`, async () => {
      const metrics = createMetrics()
      const [one, two] = [1, 2].map(() =>
        createVerifier({ ...options, cacheSize: 0, onEvent: metrics }),
      )
      const place = world()
      const token = signed('1')
      for (let round = 1; round <= 3; round++) {
        fault = breakIt
        await assert.rejects(one.verify(token), (error) => {
          assert.deepEqual([error.code, error.status], ['internal', 500])
          assert.deepEqual(trapOf(error), { recovered: true })
          return true
        })
        fault = undefined
        assert.equal((await one.verify(token)).claims.jti, '1')
        assert.equal((await two.verify(token)).claims.jti, '1')
        assert.ok((await visit(place)).vt)
        const { traps, refused, verified } = metrics.snapshot()
        assert.deepEqual(traps, { recovered: round, lasting: 0 })
        assert.deepEqual(refused, { internal: round })
        assert.equal(verified[issuer], round * 2)
      }
    })
  }

  test('takes with it what was said of tokens before', async () => {
    const verifier = createVerifier(options)
    const [known, other] = [signed('known'), signed('other')]
    for (let i = 0; i < 2; i++) await verifier.verify(known)
    assert.equal(await verifications(() => verifier.verify(known)), 0)
    fault = faults['an access out of bounds']
    await assert.rejects(verifier.verify(other), { code: 'internal' })
    fault = undefined
    assert.equal(await verifications(() => verifier.verify(known)), 1)
    assert.equal(await verifications(() => verifier.verify(known)), 0)
  })

  test('takes the tables of keys with it, which are made again', async () => {
    const verifier = createVerifier({ ...options, cacheSize: 0 })
    const token = signed('1')
    asked = []
    const use = (times) => {
      for (let i = 0; i < times; i++) verifier.verifySync(token)
      return memories[asked.at(-1).instance].buffer.byteLength
    }
    const tables = 1000 * 1024
    for (let round = 0; round < 2; round++) {
      fault = faults['an access out of bounds']
      await assert.rejects(verifier.verify(token), { code: 'internal' })
      fault = undefined
      const anew = use(1)
      assert.ok(use(45) > anew + tables)
    }
  })

  test('is answered without a word about its cause', async () => {
    const verifier = createVerifier(options)
    fault = faults['an access out of bounds']
    const headers = { authorization: `Bearer ${signed('1')}` }
    const guarded = verifier.protect(() => assert.fail('not verified'))
    const answer = await guarded(new Request('https://api.example/', { headers }))
    assert.equal(answer.status, 500)
    assert.equal((await answer.json()).error_description, 'internal')
  })
})

test('a hundred busy tenants with four keys each do not use the memory up', () => {
  const metrics = createMetrics()
  const ring = [1, 2, 3, 4].map((n) => generateKey('Ed25519', { kid: `k${n}` }))
  const claims = { iss: issuer, aud: audience, iat: start / 1000, exp: start / 1000 + 900 }
  const token = signJws(JSON.stringify(claims), ring[0], { typ: 'vt+jwt' })
  const tenants = Array.from({ length: 100 }, () =>
    createVerifier({ ...options, keys: ring.map(publicKey), cacheSize: 0, onEvent: metrics }),
  )
  for (let i = 0; i < 45; i++) for (const tenant of tenants) tenant.verifySync(token)
  const { traps, refused, verified } = metrics.snapshot()
  assert.deepEqual([traps, refused], [{ recovered: 0, lasting: 0 }, {}])
  assert.equal(verified[issuer], 4500)
})

describe('a module that came as an instance', () => {
  test('works where the runtime makes it', async () => {
    const flags = ['--experimental-wasm-modules', '--conditions=workerd', '--no-warnings']
    const script = at('tests/edge/support/as_an_instance.js')
    const { stdout } = await run(process.execPath, [...flags, script])
    assert.deepEqual(JSON.parse(stdout), {
      before: 'https://gate.example',
      trapped: { code: 'internal', recovered: false },
      after: ['internal', 'internal'],
    })
  })

  test('is not used again after a trap: everything is refused for good', async () => {
    // Nobody else's copy of the glue, since this one stays broken.
    const glue = await import(at('npm/edge/dist/wasm/lingpai_verify_bg.js?as-an-instance'))
    const module = new WebAssembly.Module(
      readFileSync(at('npm/edge/dist/wasm/lingpai_verify_bg.wasm')),
    )
    const { exports } = new Instance(module, { './lingpai_verify_bg.js': glue })
    const engine = createEngine(glue, './lingpai_verify_bg.js', () => exports)
    const secrets = JSON.stringify(['A'.repeat(43)])
    const nonces = engine.resource(() => glue.noncesNew(secrets), glue.noncesFree)
    const nonce = () => nonces.use((number) => glue.nonceIssue(number, audience, 1_800_000_000, 60))
    assert.ok(nonce())
    assert.throws(
      () => engine.call(() => exports.nonceIssue(0, 0xffff_fff0, 20, 0, 0)),
      (error) => {
        assert.deepEqual(trapOf(error), { recovered: false })
        assert.ok(error.cause instanceof RuntimeError)
        return true
      },
    )
    for (let i = 0; i < 3; i++) {
      assert.throws(nonce, (error) => {
        assert.equal(error.code, 'internal')
        assert.equal(trapOf(error), undefined, 'no further trap')
        return true
      })
    }
  })
})

test('a module that fails to start is started again', async () => {
  const glue = await import(at('npm/edge/dist/wasm/lingpai_verify_bg.js?failing-start'))
  const module = new WebAssembly.Module(
    readFileSync(at('npm/edge/dist/wasm/lingpai_verify_bg.wasm')),
  )
  let attempts = 0
  const engine = createEngine(glue, './lingpai_verify_bg.js', () => {
    if (++attempts === 1) throw new WebAssembly.CompileError('not now')
    return module
  })
  const start = () => engine.call(() => glue.noncesNew(JSON.stringify(['A'.repeat(43)])))
  assert.throws(start, (error) => {
    assert.equal(error.code, 'internal')
    assert.ok(error.cause instanceof WebAssembly.CompileError)
    assert.equal(trapOf(error), undefined)
    return true
  })
  assert.equal(typeof start(), 'number')
  assert.equal(attempts, 2)
})

/** How often the module verifies a signature meanwhile. */
async function verifications(during) {
  asked = []
  await during()
  return asked.filter(({ name }) => name === 'verifierVerify').length
}
