// The same for a Worker that only verifies, which it does with what it is given.
import { createVerifier } from '@lingpai/edge'
import { durableReplay } from '@lingpai/edge/durable'

export { ReplayLedger } from '@lingpai/edge/durable'

export default {
  async fetch(request, { LEDGER }) {
    const [method, ...parameters] = await request.json()
    const replay = durableReplay(LEDGER)
    try {
      if (method === 'verify') {
        const [options, token] = parameters
        const publicOrigin = 'https://api.example'
        const { claims } = await createVerifier({ ...options, publicOrigin, replay }).verify(token)
        return Response.json({ result: claims })
      }
      return Response.json({ result: await replay[method](...parameters) })
    } catch (error) {
      return Response.json({ error: String(error) })
    }
  },
}
