// The ways in which the vault can be made to fail: all but one on the server, which this page tells to.

export const faults = [
  'none',
  'refuse',
  'hang',
  'reset',
  'error',
  'away',
  'limited',
  'portal',
  'drip',
  'lost',
] as const
export type Fault = (typeof faults)[number]

const vaultPaths = /^\/v1\/(policies|tokens|pools|reconcile)\b/

export interface Switch {
  readonly current: Fault
  turn(fault: Fault): Promise<void>
  /** `fetch` as it is while the vault cannot be reached. */
  fetch: typeof fetch
}

/** The switch; at the start it is where the server has it. */
export async function faultSwitch(): Promise<Switch> {
  const answer = await fetch('/demo/vault')
  let current = ((await answer.json()) as { fault: Fault }).fault
  return {
    get current() {
      return current
    },
    async turn(fault) {
      const body = JSON.stringify({ fault: fault === 'refuse' ? 'none' : fault })
      await fetch('/demo/vault', { method: 'POST', body })
      current = fault
    },
    async fetch(input, init) {
      const { pathname } = new URL(input instanceof Request ? input.url : input, location.href)
      // What a browser says of a server that takes no connections.
      if (current === 'refuse' && vaultPaths.test(pathname)) throw new TypeError('Failed to fetch')
      return fetch(input, init)
    },
  }
}
