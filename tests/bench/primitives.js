// The same primitive by the host's WebCrypto and by our WASM, to be timed in any runtime. The host gets everything
// prepared (key imported, bytes at hand), WASM a whole token as text with its claims: what decides is the difference.
import { createVerifier } from '@lingpai/edge'
import { openDirect, verifyJws } from '@lingpai/edge/jose'

const utf8 = new TextEncoder()
let works

/** Gets everything ready. `input` is JSON from `input.js`. */
export async function prepare({ issuer, audience, sealed, shared, signed }) {
  const { subtle } = globalThis.crypto
  const verifier = (keys) => createVerifier({ issuer, audience, keys, cacheSize: 0 })
  const [eddsa, hs256] = [verifier({ keys: [signed.key] }), verifier(shared.key)]
  const { kty, crv, x } = signed.key
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const contentKey = bytesOf(sealed.key)
  const [edKey, hmacKey, aesKey] = await Promise.all([
    subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', false, ['verify']),
    subtle.importKey('raw', bytesOf(shared.key.k), hmac, false, ['verify']),
    subtle.importKey('raw', contentKey, 'AES-GCM', false, ['decrypt']),
  ])
  const [edParts, hmacParts] = [partsOf(signed.token), partsOf(shared.token)]
  const [header, , iv, ciphertext, tag] = sealed.token.split('.')
  const parameters = { name: 'AES-GCM', iv: bytesOf(iv), additionalData: utf8.encode(header) }
  const body = new Uint8Array([...bytesOf(ciphertext), ...bytesOf(tag)])
  works = {
    'Ed25519 host': () => subtle.verify('Ed25519', edKey, edParts.signature, edParts.input),
    'Ed25519 WASM': () => eddsa.verifySync(signed.token),
    'Ed25519, a new key host': async () => {
      const key = await subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', false, ['verify'])
      return subtle.verify('Ed25519', key, edParts.signature, edParts.input)
    },
    'Ed25519, a new key WASM': () => verifyJws(signed.token, signed.key),
    'HMAC-SHA-256 host': () => subtle.verify('HMAC', hmacKey, hmacParts.signature, hmacParts.input),
    'HMAC-SHA-256 WASM': () => hs256.verifySync(shared.token),
    'AES-256-GCM host': () => subtle.decrypt(parameters, aesKey, body),
    'AES-256-GCM WASM': () => openDirect(sealed.token, contentKey),
  }
  for (const [name, work] of Object.entries(works)) {
    if (!(await work())) throw new Error(`${name} refuses`)
  }
}

/** Does one of them n times; milliseconds by the runtime's own clock. */
export async function time(work, n) {
  const one = works[work]
  const start = performance.now()
  if (work.endsWith('host')) for (let i = 0; i < n; i++) await one()
  else for (let i = 0; i < n; i++) one()
  return performance.now() - start
}

function partsOf(token) {
  const end = token.lastIndexOf('.')
  return { input: utf8.encode(token.slice(0, end)), signature: bytesOf(token.slice(end + 1)) }
}

function bytesOf(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
