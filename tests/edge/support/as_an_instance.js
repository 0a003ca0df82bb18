// Run by Node with `--conditions=workerd` and WebAssembly as ES modules, which makes the instance itself: there is no module
// to start anew. Prints what comes of verifying before a trap, in it, and after it.
import { createVerifier } from '@lingpai/edge'
import { generateKey, publicKey, signJws } from '@lingpai/edge/jose'
import { engine } from '../../../npm/edge/dist/engine/verify.js'
import { trapOf } from '../../../npm/edge/dist/engine.js'
import * as exports from '../../../npm/edge/dist/wasm/lingpai_verify_bg.wasm'

const [issuer, audience] = ['https://gate.example', 'https://api.example']
const key = generateKey('Ed25519', { kid: 'k1' })
const iat = Math.floor(Date.now() / 1000)
const claims = { iss: issuer, aud: audience, iat, exp: iat + 900 }
const token = signJws(JSON.stringify(claims), key, { typ: 'vt+jwt' })
const verifier = createVerifier({ issuer, audience, keys: [publicKey(key)] })

async function verify() {
  try {
    return (await verifier.verify(token)).claims.iss
  } catch ({ code }) {
    return code
  }
}

function trap() {
  try {
    return engine.call(() => exports.tokenIssuer(0xffff_fff0, 20))
  } catch (error) {
    return { code: error.code, ...trapOf(error) }
  }
}

console.log(
  JSON.stringify({
    before: await verify(),
    trapped: trap(),
    after: [await verify(), await verify()],
  }),
)
