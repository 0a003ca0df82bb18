// A Worker that does what tests ask of the durable ledger; bundled with nothing but the condition `workerd`.
import { durableLedger } from '@lingpai/edge/durable'

export { VisitLedger } from '@lingpai/edge/durable'

export default {
  async fetch(request, { VISITS }) {
    const [method, ...parameters] = await request.json()
    const result = await durableLedger(VISITS)[method](...parameters)
    return Response.json({ result })
  },
}
