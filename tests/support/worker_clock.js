// Entry module around the deployed bundle inside workerd: adds a clock that tests can move, nothing else.
// Tests put it beside the bundle, so that the bundle itself runs byte for byte as it would be deployed.
import worker from './index.js'
export * from './index.js'

const RealDate = Date
let offsetMs = 0

globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [RealDate.now() + offsetMs] : args))
  }
  static now() {
    return RealDate.now() + offsetMs
  }
}

export default {
  ...worker,
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname !== '/test-clock') return worker.fetch(request, env, context)
    offsetMs = Number(searchParams.get('offset-ms'))
    return new Response(String(Date.now()))
  },
}
