// Handlers for the addresses of PROTOCOL §8: an alias is made, claimed by another terminal, closed, and used once.
import type { Verified } from '../verifier.js'
import { LingpaiError } from '../error.js'
import { problemResponse } from '../problem.js'
import { limitedText } from '../body.js'
import { createAliases } from './aliases.js'
import { claimAlias } from './claim.js'
import { executeOperation } from './execute.js'
import { NotNow, openAlias } from './open.js'
import { readOptions, type OperationsOptions } from './options.js'
import {
  handlePattern,
  malformed,
  objectOf,
  onlyMembers,
  readable,
  readHandle,
  secretPattern,
  stringMember,
  who,
} from './request.js'

/** Handlers for the addresses of aliases. They answer every request and never reject. */
export interface Operations {
  /** `POST {gateway}/v1/aliases` */
  openAlias(request: Request): Promise<Response>
  /** `POST {gateway}/v1/aliases/claim`: another terminal of the same user takes an alias over. */
  claimAlias(request: Request): Promise<Response>
  /** `POST {gateway}/v1/aliases/close`. Takes beacons, which carry no headers. */
  closeAlias(request: Request): Promise<Response>
  /** `POST {gateway}/v1/operations` */
  execute(request: Request): Promise<Response>
}

const maxCloseBytes = 512

/** Makes the handlers. Throws a `TypeError` that names the option where one is wrong. */
export function createOperations(options: OperationsOptions): Operations {
  const settings = readOptions(options)
  const aliases = createAliases(settings.config)
  const { verifier, requiredScope, store, now } = settings

  /** A handler of verified requests. What goes wrong in it is answered as the verifier answers refusals. */
  const verified = (handle: (request: Request, verified: Verified) => Promise<Response>) => {
    const answer = verifier.protect<Request, []>(
      async (request, verified) => {
        try {
          return noStore(await handle(request, verified))
        } catch (error) {
          const { claims } = verified
          const code = error instanceof LingpaiError ? error.code : 'internal'
          settings.emit({ type: 'refused', code, ...who(claims) })
          return refusal(error)
        }
      },
      { requiredScope },
    )
    return async (request: Request) => (request.method === 'POST' ? answer(request) : wrongMethod())
  }

  return {
    openAlias: verified((request, by) => openAlias(request, by, settings, aliases)),
    claimAlias: verified((request, by) => claimAlias(request, by, settings, aliases)),
    execute: verified((request, by) => executeOperation(request, by, settings, aliases)),
    async closeAlias(request) {
      if (request.method !== 'POST') return wrongMethod()
      try {
        const { handle, close } = await closeRequest(request)
        const { visit, name } = readHandle(handle)
        // Nobody learns whether there was anything to close.
        await store.close(visit, name, close, Math.floor(now() / 1000))
        return new Response(null, { status: 204, headers: { 'Cache-Control': 'no-store' } })
      } catch (error) {
        const known = error instanceof LingpaiError
        return problemResponse(
          known ? error : new LingpaiError('storage_unavailable', { cause: error }),
        )
      }
    },
  }
}

/** JSON as `text/plain`, which a page may send anywhere without asking first, or a form. */
async function closeRequest(request: Request): Promise<{ handle: string; close: string }> {
  const text = await readable(() => limitedText(request, maxCloseBytes))
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  const members = type === 'application/x-www-form-urlencoded' ? formOf(text) : objectOf(text)
  onlyMembers(members, ['handle', 'close'])
  return {
    handle: stringMember(members, 'handle', handlePattern),
    close: stringMember(members, 'close', secretPattern),
  }
}

function formOf(text: string): Record<string, unknown> {
  const form = new URLSearchParams(text)
  for (const name of form.keys()) if (form.getAll(name).length > 1) throw malformed(name)
  return Object.fromEntries(form)
}

function refusal(error: unknown): Response {
  const response = problemResponse(error)
  if (error instanceof NotNow && error.retryAfterSeconds !== undefined) {
    response.headers.set('Retry-After', String(error.retryAfterSeconds))
  }
  return response
}

function noStore(response: Response): Response {
  response.headers.set('Cache-Control', 'no-store')
  return response
}

function wrongMethod(): Response {
  return new Response(null, { status: 405, headers: { Allow: 'POST' } })
}
