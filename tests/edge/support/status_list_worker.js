// A Worker that says what a status list has at an index; its lists are fetched for one request and kept for all.
import { statusListRevocation } from '@lingpai/edge'

let source

export default {
  async fetch(request, { ISSUER, KEYS, LIST, START }) {
    source ??= statusListRevocation({
      issuer: ISSUER,
      keys: JSON.parse(KEYS),
      uris: [LIST],
      now: () => Number(START),
    })
    const idx = Number(new URL(request.url).searchParams.get('idx'))
    const status = { status_list: { idx, uri: LIST } }
    try {
      const revoked = await source.isRevoked({ iss: ISSUER, status })
      return Response.json({ revoked })
    } catch (error) {
      return Response.json({ error: error.code ?? String(error) })
    }
  },
}
