// The back-end of the demo's partner app: what a partner runs on its own server. Only where DEMO_PARTNER_KEY is bound.

import { clientAssertion, launchUrl, openAccessToken } from '@lingpai/edge/partner'
import { bindingProblem, json, type Env } from '../bindings'

/** DEMO_PARTNER_KEY: who the partner is, where its app and the launched page live, and its two private keys. */
export interface DemoPartner {
  clientId: string
  /** Origin of the partner's app. */
  app: string
  /** Address of the launched page. */
  h5Url: string
  audience: string
  scope: string
  signingKey: JsonWebKey & { kid: string }
  openingKey: JsonWebKey & { kid: string }
}

export function demoPartner(env: Env): DemoPartner | undefined {
  if (!env.DEMO_PARTNER_KEY) return undefined
  const partner = json<Partial<DemoPartner>>(env, 'DEMO_PARTNER_KEY')
  const names = [
    'clientId',
    'app',
    'h5Url',
    'audience',
    'scope',
    'signingKey',
    'openingKey',
  ] as const
  const missing = names.find((name) => !partner[name])
  if (missing) throw bindingProblem('DEMO_PARTNER_KEY', `has no "${missing}"`)
  return partner as DemoPartner
}

/** What the back-end did, in order: headers and claims only, so that the app's front-end can show it. */
export interface Observed {
  what: 'assertion' | 'at_asked' | 'at_answered' | 'at_opened'
  afterMs: number
  [fact: string]: unknown
}

export interface Launch {
  accessToken?: string
  launchUrl?: string
  error?: string
  observed: Observed[]
}
