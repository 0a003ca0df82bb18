// A mini-program on a phone against a Worker in workerd and the platforms' servers on loopback.
import { request } from 'node:http'

import { platforms } from '../hosts/index.js'
import { createPhone } from './phone.js'

/**
 * A phone whose network is the real one, on a clock that the Worker follows. `fault(request)` says what becomes of a request:
 * `request` or `answer` is lost, it is carried out and nothing comes back (`silence`), it is not even carried out
 * (`unheard`), or an answer in place of the gateway's; `fixed` are options of the platform.
 */
export function deviceIn(world, platform, fixed = {}) {
  const { deployment, platforms: servers, worker } = world
  const sent = []
  const phone = createPhone({ network, startMs: Date.now() })
  async function network({ url, method, headers, body }) {
    await worker.setClock(Math.round((phone.nowMs - Date.now()) / 1000))
    sent.push({ url, method, headers, body })
    const fault = it.fault(sent.at(-1))
    if (fault === 'unheard') throw Object.assign(new Error('silence'), { lost: true })
    if (typeof fault === 'object') return fault
    if (fault === 'request') throw new Error('timeout')
    const answer = await transmit(url, { method, headers, body })
    if (fault === 'answer') throw new Error('timeout')
    if (fault === 'silence') throw Object.assign(new Error('silence'), { lost: true })
    return answer
  }
  let logins = 0
  phone.login = () => {
    logins += 1
    return { code: servers[platform].login(it.code) }
  }
  const events = []
  const it = {
    phone,
    sent,
    events,
    code: undefined,
    fault: () => undefined,
    run: phone.run,
    me: `${deployment.issuer}/api/me`,
    server: servers[platform],
    get logins() {
      return logins
    },
    exchanges: () => sent.filter(({ url }) => url.endsWith('/v1/exchange')).length,
    start({ mini = {}, ...own } = {}) {
      const process = phone.start(platforms[platform], { ...fixed, ...own })
      it.process = process
      it.mini = process.lingpai.createMini({
        host: process.api.host(process.lingpai),
        gateway: deployment.issuer,
        clientId: `mini-${platform}`,
        audience: deployment.audience,
        onEvent: (event) => events.push(event),
        ...mini,
      })
      return it
    },
  }
  return it.start()
}

/** Sends exactly these header fields; `fetch` would have a say about `Origin`. */
function transmit(url, { method, headers, body }) {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers, agent: false }, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      resolve({ status: response.statusCode, headers: response.headers, body: text })
    })
    sending.on('error', reject)
    sending.end(body)
  })
}
