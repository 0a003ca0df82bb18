// The page under test: opens a visit as its address says, and leaves everything in `state` for the test to look at.
import { openVisit, sealVisit } from '@lingpai/h5'

const query = new URLSearchParams(location.search)
const gateway = query.get('gateway')
const appOrigin = query.get('app')

globalThis.state = {
  status: 'opening',
  events: [],
  conflicts: [],
  // How far the page's clock is ahead.
  skewMs: 1000 * Number(query.get('skew') ?? 0),
  visit: undefined,
  open,
  sealVisit,
}

const launches = {
  message: { launch: { kind: 'message', appOrigins: [appOrigin] } },
  fragment: {},
  unbound: {
    async requestAccessToken() {
      const response = await fetch('/partner/access-token')
      return response.text()
    },
  },
}

open()

/** Opens the visit, the first time or once more. */
function open(more) {
  state.status = 'opening'
  return openVisit({
    gateway,
    issuer: gateway,
    ...launches[query.get('launch')],
    ...(query.has('storage') && { storage: query.get('storage') }),
    now: () => Date.now() + state.skewMs,
    onEvent: (event) => state.events.push(event),
    ...(query.has('conflict') && {
      onLaunchConflict(conflict) {
        state.conflicts.push(conflict)
        return query.get('conflict') === 'approve'
      },
    }),
    ...more,
  }).then(
    (visit) => void Object.assign(state, { status: 'open', visit }),
    (error) =>
      void Object.assign(state, {
        status: 'failed',
        code: error.code ?? String(error),
        message: error.message,
      }),
  )
}
