// `/v1/users` over HTTP: which request means what, and who may make it. Identifiers travel in bodies, never in addresses.
import { limitedText } from '../body.js'
import { isLingpaiError, LingpaiError } from '../error.js'
import { toProblem } from '../problem.js'
import { scopeIncludes } from '../scope.js'
import type { Identities } from './identities.js'
import type { Settings } from './options.js'

/** The scopes: for everybody, or with `:self` for the identity that is the token's subject. */
export type ResidencyScope = 'users:read' | 'users:write' | 'users:move' | 'users:erase'

const maxBodyBytes = 16 * 1024
const retryAfterSeconds = '1'

type Handle = (call: Call) => Promise<Response>

interface Call {
  id: string
  type: string
  /** The members of the body, a JSON object. */
  body(): Promise<Record<string, unknown>>
  request: Request
}

interface Route {
  method: string
  path: RegExp
  scope: ResidencyScope
  handle: Handle
}

/** Answers requests under `/v1/users`. */
export function residencyRoutes(
  identities: Identities,
  { verifier }: Settings,
  dataTypes: readonly string[],
): (request: Request) => Promise<Response> {
  const routes: Route[] = [
    route('POST', '', 'users:write', async ({ body }) => {
      const { type, identifier, region } = await body()
      const { created, ...known } = await identities.register(
        string('type', type),
        string('identifier', identifier),
        region === undefined ? undefined : string('region', region),
      )
      return answer(created ? 201 : 200, known)
    }),
    route('POST', '/lookup', 'users:read', async ({ body }) => {
      const { area, type, identifier } = await body()
      return answer(
        200,
        await identities.lookUp(
          string('area', area),
          string('type', type),
          string('identifier', identifier),
        ),
      )
    }),
    route('GET', '/report', 'users:read', async () =>
      answer(200, { areas: await identities.report() }),
    ),
    route('GET', '/:id', 'users:read', async ({ id }) => answer(200, await identities.status(id))),
    route('DELETE', '/:id', 'users:erase', async ({ id }) => {
      const status = await identities.remove(id, 'identity')
      return answer(status.state === 'removed' ? 200 : 202, status)
    }),
    route('GET', '/:id/identifier', 'users:read', async ({ id }) =>
      answer(200, await identities.identifier(id)),
    ),
    route('PUT', '/:id/identifier', 'users:write', async ({ id, body, request }) => {
      const { type, identifier } = await body()
      const write = writeOf(request)
      await identities.changeIdentifier(
        id,
        string('type', type),
        string('identifier', identifier),
        write,
      )
      return answer(200, { id })
    }),
    route('GET', '/:id/data', 'users:read', async ({ id }) =>
      json(200, dataText(await identities.readData(id, dataTypes))),
    ),
    route('GET', '/:id/data/:type', 'users:read', async ({ id, type }) => {
      const value = (await identities.readData(id, [type]))[type]
      return value === undefined ? json(404, 'null') : json(200, value)
    }),
    route('PUT', '/:id/data/:type', 'users:write', async ({ id, type, request }) => {
      const text = await bodyOf(request)
      await identities.writeData(id, type, jsonText(text), writeOf(request))
      return answer(200, { id, type })
    }),
    route('DELETE', '/:id/data/:type', 'users:write', async ({ id, type, request }) => {
      await identities.deleteData(id, type, writeOf(request))
      return answer(200, { id, type })
    }),
    route('POST', '/:id/move', 'users:move', async ({ id, body }) => {
      const status = await identities.move(id, string('area', (await body())['area']))
      return answer(status.writable ? 200 : 202, status)
    }),
    route('POST', '/:id/erase', 'users:erase', async ({ id }) => {
      const status = await identities.remove(id, 'person')
      if (status.state !== 'removed') return answer(202, status)
      return answer(200, { ...status, certificate: await identities.certificate(id) })
    }),
    route('GET', '/:id/certificate', 'users:read', async ({ id }) => {
      const headers = { 'Content-Type': 'application/jose', 'Cache-Control': 'no-store' }
      return new Response(await identities.certificate(id), { headers })
    }),
  ]

  return async (request) => {
    const { pathname } = new URL(request.url)
    const here = routes.filter(({ path }) => path.test(pathname))
    const found = here.find(({ method }) => method === request.method)
    if (!found) {
      if (here.length === 0) return refusal(new LingpaiError('identity_unknown'))
      const allow = here.map(({ method }) => method).join(', ')
      return new Response(null, { status: 405, headers: { Allow: allow } })
    }
    const { id = '', type = '' } = found.path.exec(pathname)?.groups ?? {}
    try {
      const { claims } = await verifier.verify(request)
      const everybody = scopeIncludes(claims.scope, found.scope)
      const oneself = id !== '' && claims.sub === id
      if (!everybody && !(oneself && scopeIncludes(claims.scope, `${found.scope}:self`))) {
        throw new LingpaiError('insufficient_scope')
      }
    } catch (error) {
      return verifier.refusal(error, { requiredScope: found.scope })
    }
    try {
      return await found.handle({ id, type, request, body: () => members(request) })
    } catch (error) {
      return refusal(error)
    }
  }

  function route(method: string, path: string, scope: ResidencyScope, handle: Handle): Route {
    const pattern = path
      .replace(':id', '(?<id>[A-Za-z0-9_-]{22})')
      .replace(':type', '(?<type>[a-z][a-z0-9_-]{0,31})')
    return { method, path: new RegExp(`^/v1/users${pattern}$`), scope, handle }
  }

  /** Values by type: each is JSON text already. */
  function dataText(values: Record<string, string>): string {
    const entries = Object.entries(values).map(
      ([type, value]) => `${JSON.stringify(type)}:${value}`,
    )
    return `{${entries.join(',')}}`
  }

  function writeOf(request: Request): string | undefined {
    const key = request.headers.get('idempotency-key') ?? undefined
    if (key !== undefined && !/^[A-Za-z0-9_-]{21}[AQgw]$/.test(key)) {
      throw invalid('Idempotency-Key: has to be 16 bytes in base64url')
    }
    return key
  }
}

async function members(request: Request): Promise<Record<string, unknown>> {
  const value: unknown = JSON.parse(jsonText(await bodyOf(request)))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('body: has to be a JSON object')
  }
  return value as Record<string, unknown>
}

async function bodyOf(request: Request): Promise<string> {
  try {
    return await limitedText(request, maxBodyBytes)
  } catch {
    throw invalid(`body: has to be UTF-8, at most ${maxBodyBytes} bytes`)
  }
}

/** JSON text as it came, if it is some. The parser's own message would quote it. */
function jsonText(text: string): string {
  try {
    JSON.parse(text)
  } catch {
    throw invalid('body: has to be JSON')
  }
  return text
}

function string(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw invalid(`${name}: has to be a string that is not empty`)
  }
  return value
}

function invalid(message: string): LingpaiError {
  return new LingpaiError('invalid_request', { message })
}

function answer(status: number, document: object): Response {
  return json(status, JSON.stringify(document))
}

function json(status: number, body: string): Response {
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }
  return new Response(body, { status, headers })
}

/** A refusal by what was asked, not by who asked: no challenge belongs to it. */
function refusal(error: unknown): Response {
  const problem = toProblem(error)
  const detail =
    isLingpaiError(error) && error.code === 'invalid_request' ? error.message : undefined
  const headers = new Headers({
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  })
  const retry = isLingpaiError(error) && error.retryable
  if (retry) headers.set('Retry-After', retryAfterSeconds)
  const { status } = problem
  return new Response(JSON.stringify({ ...problem, ...(detail && { detail }) }), {
    status,
    headers,
  })
}
