// Objects whose tables lie open.
import * as durable from '@lingpai/edge/durable'

import { bared } from '../../support/bared.js'

export const VisitLedger = bared(durable.VisitLedger)
export const AliasRegistry = bared(durable.AliasRegistry)
export const PlatformSessions = bared(durable.PlatformSessions)

/** Calls a method of an object: binding, name, method, parameters. */
export default {
  async fetch(request, env) {
    const [binding, name, method, ...all] = await request.json()
    const object = env[binding].get(env[binding].idFromName(name))
    try {
      return Response.json({ result: (await object[method](...all)) ?? null })
    } catch (error) {
      return Response.json({ error: error.message })
    }
  },
}
