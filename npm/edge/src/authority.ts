// The authority: issues access tokens to partners, answers visits and refreshes of pages, publishes its keys.
import { allowPage, pageOf, preflightAnswer } from './authority/cors.js'
import { answerExchange } from './authority/exchange.js'
import { remember } from './authority/internals.js'
import { issueAccessToken } from './authority/issue.js'
import { readOptions, type AuthorityOptions } from './authority/options.js'
import { engine } from './engine/full.js'
import { withHeaders } from './headers.js'
import { usable } from './option-values.js'
import {
  statusListRevocationOf,
  type StatusListRevocation,
} from './revocation/status-list-revocation.js'
import { verifierOf, type CreateVerifier } from './verifier.js'

/**
 * As `createVerifier` of `@lingpai/edge`, on the module that the authority uses: a Worker that issues and verifies imports
 * both from here and bundles one module.
 */
export const createVerifier: CreateVerifier = /* @__PURE__ */ verifierOf(engine)
export type * from './verifying.js'
/** As `statusListRevocation` of `@lingpai/edge`, on the same module. */
export const statusListRevocation: StatusListRevocation =
  /* @__PURE__ */ statusListRevocationOf(engine)
export type { ClientRegistry } from './authority/clients.js'
export { decideLedger, isRevokedRecord, revokedRecord } from './authority/ledger.js'
export type { Ledger, LedgerCommand, LedgerDecision, LedgerOutcome } from './authority/ledger.js'
export type { AuthorityOptions, Client } from './authority/options.js'
export { isLingpaiError, LingpaiError } from './error.js'
export type { ErrorCode, LingpaiErrorOptions } from './error.js'
export type { Jwk, JwkSet, ReplayStore, RingKey, SharedKey } from './types.js'

/** Handlers for the authority's addresses. They answer every request and never reject. */
export interface Authority {
  /** `POST {issuer}/v1/access-tokens` */
  issueAccessToken(request: Request): Promise<Response>
  /** `POST {gateway}/v1/visits` */
  answerVisit(request: Request): Promise<Response>
  /** `POST {gateway}/v1/visits/refresh` */
  refreshVisit(request: Request): Promise<Response>
  /** `OPTIONS` of any address that pages call, protected services included. */
  preflight(request: Request): Promise<Response>
  /** Lets registered pages read the answer of a service beside the authority. */
  allowPages(request: Request, response: Response): Promise<Response>
  /** `GET {issuer}/.well-known/jwks.json` */
  jwks(): Promise<Response>
  /** `GET {issuer}/.well-known/lingpai`: addresses, AppKeys and policy. */
  configuration(): Promise<Response>
}

const publishedSeconds = 300

/** Makes an authority. Throws a `TypeError` that names the option where one is wrong. */
export function createAuthority(options: AuthorityOptions): Authority {
  const settings = readOptions(options)
  const { issuer, gateway, clients, config, lifetimes } = settings
  const { glue, resource } = engine
  const authority = usable('createAuthority', () =>
    resource(() => glue.authorityNew(config), glue.authorityFree),
  )
  // A registry that cannot be asked lets no page read the answer, and spoils none.
  const page = (request: Request) => pageOf(request.headers, clients).catch(() => undefined)
  const seconds = () => Math.floor(settings.now() / 1000)

  const made: Authority = {
    issueAccessToken: (request) => issueAccessToken(request, settings, authority),
    answerVisit: (request) => answerExchange('visit', request, settings, authority),
    refreshVisit: (request) => answerExchange('refresh', request, settings, authority),
    preflight: async (request) => preflightAnswer(await page(request)),
    async allowPages(request, response) {
      const asking = await page(request)
      return withHeaders(response, (headers) => allowPage(headers, asking))
    },
    jwks: async () =>
      published(
        authority.use((number) => glue.authorityJwks(number, seconds())),
        'application/jwk-set+json',
      ),
    async configuration() {
      const appKeys = authority.use((number) => glue.authorityAppKeys(number, seconds()))
      const document = {
        issuer,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        access_tokens_endpoint: `${issuer}/v1/access-tokens`,
        visits_endpoint: `${gateway}/v1/visits`,
        refresh_endpoint: `${gateway}/v1/visits/refresh`,
        gateway,
        app_keys: (JSON.parse(appKeys) as { keys: unknown }).keys,
        dpop_signing_alg_values_supported: ['EdDSA', 'ES256'],
        access_token_lifetime: lifetimes.accessToken,
        visit_lifetime: lifetimes.visit,
        refresh_lifetime: lifetimes.refresh,
      }
      return published(JSON.stringify(document), 'application/json')
    },
  }
  remember(made, { settings, resource: authority })
  return made
}

/** What everybody may read, from any page. */
function published(body: string, type: string): Response {
  return new Response(body, {
    headers: {
      'Content-Type': type,
      'Cache-Control': `public, max-age=${publishedSeconds}`,
      'Access-Control-Allow-Origin': '*',
    },
  })
}
