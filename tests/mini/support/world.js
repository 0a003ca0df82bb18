// A phone, a gateway, and a mini-program that uses the package: everything for one test.
import assert from 'node:assert/strict'

import { platforms } from '../hosts/index.js'
import { audience, clientId, createGateway, url } from './gateway.js'
import { createPhone } from './phone.js'

export const service = `${audience}/orders`

/** `start(options)` starts the mini-program (anew); options of the platform's fake, and under `mini` of createMini. */
export function world(platform = 'wechat', { gateway: gatewayOptions, ...fixed } = {}) {
  const gateway = createGateway(gatewayOptions)
  const phone = createPhone({ network: gateway.network })
  gateway.phone = phone
  phone.login = gateway.login
  const events = []
  const it = {
    gateway,
    phone,
    events,
    mini: undefined,
    process: undefined,
    run: (promise) => phone.run(promise),
    start(options = {}) {
      const { mini = {}, ...own } = { ...fixed, ...options }
      it.process = phone.start(platforms[platform], own)
      const { lingpai, api } = it.process
      const all = { host: api.host(lingpai), gateway: url, clientId, audience }
      it.mini = lingpai.createMini({ ...all, onEvent: (event) => events.push(event), ...mini })
      return it.mini
    },
  }
  it.start()
  return it
}

/** For assert.rejects: the code, as an error of the mini-program's own realm. */
export const refused =
  (code, more = {}) =>
  (error) => {
    assert.equal(error.name, 'LingpaiError', String(error && error.stack))
    assert.equal(error.code, code, String(error.stack) + String(error.cause))
    for (const [name, value] of Object.entries(more)) assert.equal(error[name], value, name)
    return true
  }
