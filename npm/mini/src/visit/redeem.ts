// A visit of a mini-program: an access token that the app's back-end got is redeemed as a page would (PROTOCOL §3, §4).
import type { Engine } from '../engine/engine'
import { operations } from '../engine/operations'
import type { LingpaiError } from '../errors'
import type { MiniEvent } from '../events'
import type { Gateway, TokenRequest } from '../gateway'
import type { Host } from '../host'
import type { Kit } from '../kit'
import type { KeptToken } from '../record'
import type { Store } from '../store'
import type { Trusted } from '../trust'

/** What a visit stands on. */
export interface VisitOptions {
  kit: Kit
  host: Host
  engine: Engine
  gateway: Gateway
  store: Store
  trusted: Trusted
  emit(event: MiniEvent): void
  /** The exchange under way. The module has room for one. */
  turn?: Promise<unknown>
}

interface Opened {
  nowSeconds: number
  code?: string
  token: string
  subject: string
  scope: string
  issuedAtSeconds: number
  expiresAtSeconds: number
  refreshToken?: string
  appKey: string
  terms: string
}

const mediaType = 'application/jose'

/** One exchange after the other, from what is sealed to the answer that is opened. */
function inTurn<Result>(options: VisitOptions, work: () => Promise<Result>): Promise<Result> {
  const own = (options.turn || Promise.resolve()).then(work)
  options.turn = own.catch(() => {})
  return own
}

/** Redeems an AT. R is drawn in the module, stays there, and dies with the answer. */
export function redeem(options: VisitOptions, accessToken: string): Promise<KeptToken> {
  const { engine, gateway, trusted } = options
  const visits = `${gateway.url}/v1/visits`
  return inTurn(options, async () => {
    const facts = await trusted.read((keys) =>
      engine.text(operations.takeAccessToken, accessToken, visits, trusted.issuer, keys),
    )
    const { page } = JSON.parse(facts) as { page: string }
    return ask(options, '/v1/visits', engine.text(operations.sealVisit), page)
  })
}

/** Spends the refresh token of the visit. */
export function renewVisit(options: VisitOptions): Promise<KeptToken> {
  const { visit } = options.store.record
  return inTurn(options, async () => {
    const now = options.store.record.visit
    // Another visit was opened meanwhile.
    return now !== visit && now.token !== undefined ? now.token : spend(options)
  })
}

async function spend(options: VisitOptions): Promise<KeptToken> {
  const { kit, engine, store } = options
  const { refreshToken, visit } = store.record.visit
  if (refreshToken === undefined || visit === undefined) throw new kit.LingpaiError('visit_ended')
  const body = engine.text(operations.sealRefresh, refreshToken, visit.appKey, visit.terms)
  try {
    return await ask(options, '/v1/visits/refresh', body, visit.page)
  } catch (error) {
    if (!kit.endsFamily(error as LingpaiError)) throw error
    await store.commit((record) => void (record.visit = {}))
    throw new kit.LingpaiError('visit_ended', { cause: error })
  }
}

async function ask(
  options: VisitOptions,
  path: string,
  body: string,
  page: string,
): Promise<KeptToken> {
  const { kit, engine, gateway, host, store, trusted } = options
  const request: TokenRequest = {
    path,
    contentType: mediaType,
    body,
    proves: true,
    sealed: true,
    origin: page,
  }
  const answer = await gateway.ask(request)
  const opened = JSON.parse(
    await trusted.read((keys) =>
      engine.text(operations.openAnswer, answer.body, trusted.issuer, keys),
    ),
  ) as Opened
  if (opened.code !== undefined) throw new kit.LingpaiError(opened.code as LingpaiError['code'])
  const { refreshToken, appKey, terms } = opened
  const token: KeptToken = {
    text: opened.token,
    type: 'DPoP',
    scope: opened.scope,
    subject: opened.subject,
    issuedAtSeconds: opened.issuedAtSeconds,
    expiresAtSeconds: opened.expiresAtSeconds,
  }
  await store.commit((record) => {
    record.clockOffsetMs = opened.nowSeconds * 1000 - host.now()
    const visit = { appKey, terms, page }
    record.visit = refreshToken === undefined ? { token, visit } : { token, visit, refreshToken }
  })
  options.emit({ type: 'token', by: 'visit', scope: token.scope, bound: true })
  return token
}
