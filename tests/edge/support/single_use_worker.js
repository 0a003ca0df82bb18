// A Worker with one route whose proofs are used once and one whose tokens are too, over durable objects that say what they
// hold.
import { createVerifier } from '@lingpai/edge'
import { durableLedger, VisitLedger as Ledger } from '@lingpai/edge/durable'

export class VisitLedger extends Ledger {
  /** What is kept: ids of entries, and when the alarm rings. */
  async held() {
    const { sql } = this.ctx.storage
    const tables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'entries'").toArray()
    const rows = tables.length ? sql.exec('SELECT id FROM entries').toArray() : []
    return { ids: rows.map(({ id }) => id), alarm: await this.ctx.storage.getAlarm() }
  }
}

let routes

export default {
  fetch(request, { OPTIONS, VISITS }) {
    routes ??= routesOf(OPTIONS, VISITS)
    return routes[new URL(request.url).pathname](request)
  },
}

function routesOf(options, namespace) {
  /** The names of the objects that were asked, in order. */
  const names = []
  const watched = {
    idFromName(name) {
      names.push(name)
      return namespace.idFromName(name)
    },
    get: (id) => namespace.get(id),
  }
  const ledger = durableLedger(watched)
  const answer = (_, { claims }) => Response.json({ jti: claims.jti })
  return {
    '/orders': createVerifier({ ...options, replay: ledger }).protect(answer),
    '/once': createVerifier({ ...options, replay: ledger, singleUse: true }).protect(answer),
    async '/burn'(request) {
      names.length = 0
      const fresh = await ledger.burn(...(await request.json()))
      return Response.json({ fresh, object: names[0] })
    },
    async '/held'(request) {
      const id = namespace.idFromName(await request.json())
      return Response.json(await namespace.get(id).held())
    },
  }
}
