// `POST /v1/aliases/claim`: another terminal of the same user takes an alias over, by the secret that the first one shows.
import { LingpaiError } from '../error.js'
import type { Verified } from '../verifier.js'
import { newSecret, storedName, type Aliases } from './aliases.js'
import type { Settings } from './options.js'
import {
  coveredBody,
  handlePattern,
  holderOf,
  onlyMembers,
  readHandle,
  secretPattern,
  stringMember,
  who,
} from './request.js'

/** Answers with `{"operation", "limits"?, "handle", "close", "exp"}`. */
export async function claimAlias(
  request: Request,
  verified: Verified,
  settings: Settings,
  aliases: Aliases,
): Promise<Response> {
  const holder = holderOf(verified)
  const { members } = await coveredBody(request)
  onlyMembers(members, ['alias', 'handle', 'claim'])
  const alias = stringMember(members, 'alias', /^.{1,64}$/s)
  const { visit, name } = readHandle(stringMember(members, 'handle', handlePattern))
  const secret = stringMember(members, 'claim', secretPattern)
  if (aliases.nameOf(alias) !== name) throw new LingpaiError('alias_invalid')
  const to = storedName('visit', holder.sid)
  const closing = newSecret()
  const taken = await settings.store.claim(visit, name, {
    secret,
    to,
    holder,
    closer: closing.hash,
    now: Math.floor(settings.now() / 1000),
  })
  if (taken === undefined) throw new LingpaiError('alias_invalid')
  const { operation, limits, exp } = JSON.parse(taken)
  const handle = `${to}.${name}`
  settings.emit({ type: 'alias_claimed', operation, handle, ...who(verified.claims) })
  const limited = Object.keys(limits).length > 0 && { limits }
  return Response.json({ operation, ...limited, handle, close: closing.secret, exp })
}
