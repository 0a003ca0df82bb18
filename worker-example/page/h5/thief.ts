// A thief: has somebody's access token, no proof key, and does what it can with that. Its own R, its own request.

import { LingpaiError, sealVisit } from '@lingpai/h5'
import { algorithms, peekClaims, peekHeader } from '../common/jose-peek'
import { hear, type ToThief } from '../common/messages'
import type { Step } from '../common/step'

const { app, gateway, issuer } = (await (await fetch('/demo/config')).json()) as {
  app: string
  gateway: string
  issuer: string
}
const tellApp = (message: object) => window.parent.postMessage(message, app)

hear<ToThief>(app, async ({ demo, accessToken }) => {
  if (demo === 'stolen') tellApp({ demo: 'thief-done', code: await replay(accessToken) })
})
tellApp({ demo: 'thief-ready' })

async function replay(accessToken: string): Promise<string> {
  const keys = await (await fetch(`${issuer}/.well-known/jwks.json`)).json()
  // A bound token names its key in public. The thief can repeat the name; it cannot sign.
  const proofKeyThumbprint = (peekClaims(accessToken)?.['cnf'] as { jkt?: string } | undefined)?.jkt
  const sealed = await sealVisit({
    accessToken,
    issuer,
    keys,
    ...(proofKeyThumbprint && { proofKeyThumbprint }),
  })
  const header = peekHeader(sealed.request)
  report({
    kind: 'thief_sent',
    from: 'page',
    to: 'edge',
    state: 'done',
    facts: [
      ['key', String(header?.['kid'])],
      ['algorithms', algorithms(header)],
      ['size', `${sealed.request.length} B`],
    ],
    decoded: { request: 'POST /v1/visits', envelope: header },
  })
  const response = await fetch(`${gateway}/v1/visits`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/jose' },
    body: sealed.request,
  })
  const body = await response.text()
  const code = await sealed.open(body).then(
    () => 'granted',
    (error: unknown) => (error instanceof LingpaiError ? error.code : 'internal'),
  )
  report({
    kind: 'thief_answered',
    from: 'edge',
    to: 'page',
    state: response.ok ? 'granted' : 'refused',
    values: { code },
    facts: [
      ['status', String(response.status)],
      ['code', code],
    ],
    decoded: { status: response.status, envelope: peekHeader(body) },
  })
  return code
}

function report(step: Omit<Step, 'at' | 'run'>): void {
  tellApp({ demo: 'step', step: { ...step, at: Date.now(), run: 'attack' } })
}
