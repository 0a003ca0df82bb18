// A Worker that verifies the token it is sent, with a key set shared the way `TIER` says; `at` moves its clock (seconds).
import { waitUntil } from 'cloudflare:workers'
import { cacheApiKeySets, createVerifier, kvKeySets } from '@lingpai/edge'

let verifier
let events = []
let seconds = 0

const tiers = {
  cache: () => ({ keysCache: cacheApiKeySets(() => caches.open('key-sets')) }),
  'default cache': () => ({ keysCache: cacheApiKeySets(caches.default) }),
  kv: ({ KEY_SETS }) => ({ keysCache: kvKeySets(KEY_SETS) }),
  pinned: ({ PINNED }) => ({ pinnedKeys: JSON.parse(PINNED) }),
  memory: () => ({}),
}

export default {
  async fetch(request, env) {
    seconds = Number(new URL(request.url).searchParams.get('at') ?? 0)
    verifier ??= createVerifier({
      issuer: env.ISSUER,
      audience: env.AUDIENCE,
      keys: env.KEYS,
      keysTimeoutMs: 2000,
      type: 'JWT',
      cacheSize: 0,
      now: () => Number(env.START) + seconds * 1000,
      onEvent: ({ type, outcome }) => type === 'keys' && events.push(outcome),
      ...tiers[env.TIER](env),
      ...(env.EXTEND === 'yes' && { waitUntil }),
    })
    const told = events
    let result = 'accepted'
    try {
      await verifier.verify(await request.text())
    } catch (error) {
      result = error.code ?? String(error)
    }
    events = []
    return Response.json({ result, events: told })
  },
}
