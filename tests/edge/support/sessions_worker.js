// A Worker that does what tests ask of the durable store of platform sessions.
import { durableSessions } from '@lingpai/edge/durable'

export { PlatformSessions } from '@lingpai/edge/durable'

export default {
  async fetch(request, { LEDGER }) {
    const [method, ...parameters] = await request.json()
    try {
      return Response.json({ result: await durableSessions(LEDGER)[method](...parameters) })
    } catch (error) {
      return Response.json({ error: String(error) })
    }
  },
}
