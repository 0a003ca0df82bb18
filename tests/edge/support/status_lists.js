// Status lists as an issuer of another make would publish them, and the server that they are fetched from.
import { createPrivateKey, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { deflateSync } from 'node:zlib'

/** Packs statuses of `bits` bits each: the first in the lowest bits of the first byte. */
export function packed(bits, statuses) {
  const bytes = Buffer.alloc(Math.ceil((statuses.length * bits) / 8))
  statuses.forEach((status, index) => {
    for (let bit = 0; bit < bits; bit++) {
      const place = index * bits + bit
      if ((status >> bit) & 1) bytes[place >> 3] |= 1 << (place & 7)
    }
  })
  return bytes
}

/** The claim `status_list` of bytes that are packed already. */
export function statusList(bits, bytes) {
  return { bits, lst: deflateSync(bytes, { level: 9 }).toString('base64url') }
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

const digests = {
  EdDSA: [null, {}],
  ES256: ['sha256', { dsaEncoding: 'ieee-p1363' }],
  RS256: ['sha256', {}],
}

/** Signs claims with a private JWK that has `alg` and `kid`. */
export function signed(claims, key, header = {}) {
  const protectedHeader = { alg: key.alg, kid: key.kid, typ: 'statuslist+jwt', ...header }
  const input = `${base64url(protectedHeader)}.${base64url(claims)}`
  const [digest, options] = digests[key.alg]
  const privateKey = createPrivateKey({ key, format: 'jwk' })
  const signature = sign(digest, Buffer.from(input), { key: privateKey, ...options })
  return `${input}.${signature.toString('base64url')}`
}

/** A server that counts what is asked of it and answers as its `respond` says. */
export async function startListServer() {
  const server = createServer((request, response) => {
    started.requests.push(request)
    started.respond(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const started = {
    origin: `http://127.0.0.1:${server.address().port}`,
    requests: [],
    respond: undefined,
    stop: () => server.closeAllConnections() ?? server.close(),
  }
  return started
}
