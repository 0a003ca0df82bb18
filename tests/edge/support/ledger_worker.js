// A Worker that does what tests ask of the durable ledger; bundled with nothing but the condition `workerd`.
import { durableLedger } from '@lingpai/edge/durable'

export { VisitLedger } from '@lingpai/edge/durable'

export default {
  async fetch(request, { LEDGER }) {
    const [method, ...parameters] = await request.json()
    try {
      return Response.json({ result: await durableLedger(LEDGER)[method](...parameters) })
    } catch (error) {
      return Response.json({ error: String(error) })
    }
  },
}
