// What is measured: the same work on the same token by each peer. Runs unchanged in Node, workerd and Chromium.
// A verifier's key is configured once: every peer gets it prepared. The key of a sealed answer is used once: every peer
// starts from its 32 bytes, except WebCrypto, which shows what the bare primitive takes.
import { createVerifier } from '@lingpai/edge'
import { openDirect } from '@lingpai/edge/jose'
import { gcm } from '@noble/ciphers/aes.js'
import { compactDecrypt, decodeJwt, importJWK, jwtVerify } from 'jose'

import { verifyBound } from './jose_dpop.js'

const utf8 = new TextEncoder()

/** operation -> peer -> (n) => does it n times. `input` is JSON from `input.js`. */
export async function createSuite(input) {
  const { issuer, audience, sealed, shared, signed, nowSeconds } = input
  const { subtle } = globalThis.crypto
  const bytes = fromBase64url(sealed.key)
  const aesKey = await subtle.importKey('raw', bytes, 'AES-GCM', false, ['decrypt'])
  const [header, , iv, ciphertext, tag] = sealed.token.split('.')

  const hmacKey = await subtle.importKey(
    'raw',
    fromBase64url(shared.key.k),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  )
  const publicKey = await importJWK(signed.key, 'EdDSA')
  const webCryptoKey = await subtle.importKey('jwk', jwkOf(signed.key), 'Ed25519', false, [
    'verify',
  ])
  // A clock that stands still: what is measured must not expire on the way.
  const now = () => nowSeconds * 1000
  const expected = { issuer, audience, typ: 'vt+jwt', currentDate: new Date(now()) }
  const verifier = (keys, cacheSize, more) =>
    createVerifier({ issuer, audience, keys, cacheSize, now, ...more })
  const [hs256, eddsa, seen] = [
    verifier(shared.key, 0),
    verifier({ keys: [signed.key] }, 0),
    verifier({ keys: [signed.key] }, 100),
  ]
  const joseEdDsa = times(() => jwtVerify(signed.token, publicKey, expected))

  return {
    open: {
      lingpai: timesSync(() => openDirect(sealed.token, bytes)),
      jose: times(() => compactDecrypt(sealed.token, bytes)),
      WebCrypto: times(() => {
        const body = concatenate(fromBase64url(ciphertext), fromBase64url(tag))
        const parameters = {
          name: 'AES-GCM',
          iv: fromBase64url(iv),
          additionalData: utf8.encode(header),
        }
        return subtle.decrypt(parameters, aesKey, body)
      }),
      noble: timesSync(() => {
        const body = concatenate(fromBase64url(ciphertext), fromBase64url(tag))
        return gcm(bytes, fromBase64url(iv), utf8.encode(header)).decrypt(body)
      }),
    },
    hs256: {
      lingpai: timesSync(() => hs256.verifySync(shared.token)),
      jose: times(() => jwtVerify(shared.token, hmacKey, expected)),
      WebCrypto: times(() => rawVerify('HMAC', hmacKey, shared.token)),
    },
    eddsa: {
      lingpai: times(() => eddsa.verify(signed.token)),
      jose: joseEdDsa,
      WebCrypto: times(() => rawVerify('Ed25519', webCryptoKey, signed.token)),
    },
    seen: {
      lingpai: timesSync(() => seen.verifySync(signed.token)),
      jose: joseEdDsa,
    },
    seenLater: {
      lingpai: times(() => seen.verify(signed.token)),
      jose: joseEdDsa,
    },
    ...(await byHost()),
    sealedToken: await sealedToken(),
    ...(await requests()),
    issuers: await issuers(),
  }

  /** Algorithms of the host, by name. */
  async function byHost() {
    const rows = Object.entries(input.byHost).map(async ([alg, { key, token }]) => {
      const ours = verifier({ keys: [key] }, 0)
      const imported = await importJWK(key, alg)
      const row = {
        lingpai: times(() => ours.verify(token)),
        jose: times(() => jwtVerify(token, imported, expected)),
        WebCrypto: times(() => rawVerify(PARAMETERS[alg], imported, token)),
      }
      return [alg, row]
    })
    return Object.fromEntries(await Promise.all(rows))
  }

  async function sealedToken() {
    const ours = verifier({ keys: [signed.key] }, 0, { unsealKeys: [{ key: input.edge }] })
    const own = await importJWK(input.edge, input.edge.alg)
    return {
      lingpai: times(() => ours.verify(input.sealedToken)),
      jose: times(async () => {
        const { plaintext } = await compactDecrypt(input.sealedToken, own)
        return jwtVerify(plaintext, publicKey, expected)
      }),
    }
  }

  /** Whole requests with a bound token and its proof, by the curve of the proof. */
  async function requests() {
    const ours = verifier({ keys: [signed.key] }, 0, {
      publicOrigin: audience,
      replay: 'unchecked',
    })
    const rows = Object.entries(input.proofs).map(([curve, { token, proof, url }]) => {
      const headers = new Headers({ authorization: `DPoP ${token}`, dpop: proof })
      const request = { method: 'GET', url, headers }
      const row = {
        lingpai: times(() => ours.verify(request)),
        jose: times(() => verifyBound(request, publicKey, expected, nowSeconds)),
      }
      return [`request ${curve}`, row]
    })
    return Object.fromEntries(rows)
  }

  async function issuers() {
    const keys = [signed.key]
    const known = [...input.others, issuer]
    const ours = createVerifier({
      issuers: known.map((issuer) => ({ issuer, audience, keys })),
      cacheSize: 0,
      now,
    })
    const keyOf = new Map(known.map((issuer) => [issuer, publicKey]))
    return {
      lingpai: times(() => ours.verify(signed.token)),
      jose: times(() => {
        const { iss } = decodeJwt(signed.token)
        return jwtVerify(signed.token, keyOf.get(iss), { ...expected, issuer: iss })
      }),
    }
  }

  async function rawVerify(algorithm, key, token) {
    const end = token.lastIndexOf('.')
    const signature = fromBase64url(token.slice(end + 1))
    if (!(await subtle.verify(algorithm, key, signature, utf8.encode(token.slice(0, end))))) {
      throw new Error('not verified')
    }
  }
}

const PARAMETERS = {
  RS256: 'RSASSA-PKCS1-v1_5',
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
}

function times(work) {
  return async (n) => {
    for (let i = 0; i < n; i++) await work()
  }
}

function timesSync(work) {
  return (n) => {
    for (let i = 0; i < n; i++) work()
  }
}

function jwkOf({ kty, crv, x }) {
  return { kty, crv, x }
}

function concatenate(a, b) {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

function fromBase64url(text) {
  if (typeof Uint8Array.fromBase64 === 'function') {
    return Uint8Array.fromBase64(text, { alphabet: 'base64url' })
  }
  return new Uint8Array(Buffer.from(text, 'base64url'))
}
