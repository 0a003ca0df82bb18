// What a status list says of some indexes, as a function for any runtime.
import { statusListRevocation } from '@lingpai/edge'

/** The outcome for each index, by a verifier that gets `token` from wherever it asks. */
export async function read({ token, keys, issuer, uri, now, indexes }) {
  const { isRevoked } = statusListRevocation({
    issuer,
    keys,
    uris: [uri],
    now: () => now,
    fetch: async () => new Response(token),
  })
  const outcomes = []
  for (const idx of indexes) {
    try {
      const claims = { iss: issuer, aud: 'a', exp: now, status: { status_list: { idx, uri } } }
      outcomes.push((await isRevoked(claims)) ? 'revoked' : 'valid')
    } catch (error) {
      outcomes.push([error.code, error.cause?.code].filter(Boolean).join(' '))
    }
  }
  return outcomes
}
