// The page under test: opens a visit and a tokenizer, and leaves everything in `state` for the test to look at.
import { createTokenizer, openVisit } from '@lingpai/h5'

const query = new URLSearchParams(location.search)
const gateway = query.get('gateway')

globalThis.state = { status: 'opening', events: [], tokenizer: undefined, visit: undefined, start }

start().catch((error) =>
  Object.assign(state, {
    status: 'failed',
    code: error.code ?? String(error),
    message: error.stack,
  }),
)

async function start() {
  state.visit ??= await openVisit({ gateway, issuer: gateway, storage: 'persistent' })
  state.tokenizer = await createTokenizer({
    visit: state.visit,
    onlineTimeoutMs: Number(query.get('onlineTimeoutMs') ?? 1000),
    onEvent: (event) => state.events.push(event),
  })
  state.status = 'open'
}
