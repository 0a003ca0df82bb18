// Compiles only if the packages' types resolve and say what the documentation says.
import {
  createTokenizer,
  openVisit,
  sealVisit,
  type Tokenizer,
  type Visit,
  type VisitAnswer,
} from '@lingpai/h5'
import { createDurableStore, type DurableHost } from '@lingpai/h5/tokenizer'
import { createVerifier, LingpaiError, type Verified, type Verifier } from '@lingpai/edge'
import { createAuthority } from '@lingpai/edge/authority'
import { createExchange, type Exchange, type MiniProgram } from '@lingpai/edge/exchange'
import { clientAssertion, launchUrl, openAccessToken } from '@lingpai/edge/partner'
import { openJwe, sealJwe, signJws, thumbprint, verifyJws } from '@lingpai/edge/jose'

export async function page(): Promise<Visit> {
  const visit = await openVisit({ gateway: 'https://gate.example', issuer: 'https://gate.example' })
  const expiresAt: number = visit.expiresAt
  const response: Response = await visit.fetch('/api/me')
  const token: string = await visit.token()
  // @ts-expect-error gateway is required
  await openVisit({ issuer: 'https://gate.example' })
  void [expiresAt, response, token]
  return visit
}

export async function transport(accessToken: string): Promise<VisitAnswer> {
  const { request, open } = await sealVisit({
    accessToken,
    issuer: 'https://gate.example',
    keys: { keys: [] },
  })
  return open(request)
}

export async function tokens(visit: Visit, host: DurableHost): Promise<string[]> {
  const tokenizer: Tokenizer = await createTokenizer({ visit, store: createDurableStore(host) })
  const token: string = await tokenizer.tokenize('13800138000', { field: 'phone' })
  // @ts-expect-error a value has a field
  await tokenizer.tokenize('13800138000')
  return [token, ...(await tokenizer.tokenizeMany(['a', 'b'], { field: 'name' }))]
}

const verifier: Verifier = createVerifier({
  issuer: 'https://gate.example',
  audience: 'https://api.example',
  keys: 'https://gate.example/.well-known/jwks.json',
})

export async function service(request: Request): Promise<string | undefined> {
  try {
    const verified: Verified = await verifier.verify(request)
    return verified.claims.sub
  } catch (error) {
    if (error instanceof LingpaiError && error.code === 'token_expired') return undefined
    // @ts-expect-error not a code
    if (error instanceof LingpaiError && error.code === 'no_such_code') return undefined
    throw error
  }
}

export const miniPrograms: MiniProgram[] = [
  {
    clientId: 'mini',
    platform: 'wechat',
    appId: 'wx0',
    appSecret: 'secret',
    audiences: ['https://api.example'],
    scopes: ['profile'],
  },
  {
    clientId: 'mini-alipay',
    // @ts-expect-error Alipay's apps have keys, and no secret
    platform: 'alipay',
    appId: '2021',
    appSecret: 'secret',
    audiences: ['https://api.example'],
    scopes: ['profile'],
  },
]

export async function phone(exchange: Exchange, request: Request): Promise<string> {
  const { claims } = await verifier.verify(request)
  const { phoneNumber } = await exchange.phoneNumber(claims, { code: 'c' })
  return phoneNumber
}

export const exported = [
  createAuthority,
  createExchange,
  clientAssertion,
  launchUrl,
  openAccessToken,
  openJwe,
  sealJwe,
  signJws,
  thumbprint,
  verifyJws,
]
