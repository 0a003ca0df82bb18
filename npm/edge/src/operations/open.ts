// `POST /v1/aliases`: an account gets an alias for one operation of one visit.
import { LingpaiError, type ErrorCode } from '../error.js'
import type { Verified } from '../verifier.js'
import { newSecret, storedName, type Aliases } from './aliases.js'
import type { Settings } from './options.js'
import {
  anything,
  coveredBody,
  holderOf,
  malformed,
  objectMember,
  onlyMembers,
  stringMember,
  who,
} from './request.js'
import type { Holder } from './store.js'

const maxModifications = 16
// A name that was an alias is none for a day.
const retiredSeconds = 24 * 3600

/** Answers with `{"alias", "handle", "close", "exp", "claim"?}`. */
export async function openAlias(
  request: Request,
  verified: Verified,
  settings: Settings,
  aliases: Aliases,
): Promise<Response> {
  const { claims } = verified
  const holder = holderOf(verified)
  const { account, operation, limits, transferable } = await wanted(request, settings)
  if ((await settings.ownsAccount({ account, operation, subject: holder.sub, claims })) !== true) {
    throw new LingpaiError('access_denied')
  }
  const nowSeconds = Math.floor(settings.now() / 1000)
  const exp = nowSeconds + settings.aliasLifetimeSeconds
  const visit = storedName('visit', holder.sid)
  // Subjects can be guessed: what a store calls them needs the key to be found.
  const subject = aliases.nameOf(`subject ${claims.iss} ${holder.sub}`)
  const busy = await settings.store.admit(visit, subject, settings.aliasesPerHour, nowSeconds)
  if (busy !== undefined) throw new NotNow(busy.refused, busy.retryAfterSeconds)
  const { alias, name, modifications } = await unique(account, exp, settings, aliases)
  const closing = newSecret()
  const claiming = transferable ? newSecret() : undefined
  const record = recordOf({
    holder,
    operation,
    ...(limits && { limits }),
    account: aliases.seal(`account ${name}`, account),
    closers: closing.hash,
    ...(claiming && { claim: claiming.hash }),
    exp,
  })
  const refused = await settings.store.open(visit, name, record, nowSeconds)
  const handle = `${visit}.${name}`
  const event = { operation, handle, modifications, ...who(claims) }
  if (refused !== undefined) {
    // The page may have made the limits up: which member it is, it can see itself.
    throw refused === 'claim_invalid' ? malformed('limits') : new LingpaiError(refused)
  }
  settings.emit({ type: 'alias_opened', ...event })
  const answer = { alias, handle, close: closing.secret, exp, claim: claiming?.secret }
  return Response.json(answer, { status: 201 })
}

/** An alias that is not admitted now. */
export class NotNow extends LingpaiError {
  constructor(
    code: ErrorCode,
    readonly retryAfterSeconds?: number,
  ) {
    super(code)
  }
}

interface Wanted {
  account: string
  operation: string
  limits: Record<string, unknown> | undefined
  transferable: boolean
}

async function wanted(request: Request, { operations }: Settings): Promise<Wanted> {
  const { members } = await coveredBody(request)
  onlyMembers(members, ['account', 'operation', 'limits', 'transferable'])
  const operation = stringMember(members, 'operation', anything)
  if (!operations.has(operation)) throw malformed('operation')
  const { transferable = false } = members
  if (typeof transferable !== 'boolean') throw malformed('transferable')
  return {
    account: stringMember(members, 'account', /^.{1,64}$/s),
    operation,
    limits: members['limits'] === undefined ? undefined : objectMember(members, 'limits'),
    transferable,
  }
}

/** A sequence that is nobody's account, nor was an alias within a day; modified until it is so, but not without end. */
async function unique(
  account: string,
  exp: number,
  settings: Settings,
  aliases: Aliases,
): Promise<{ alias: string; name: string; modifications: number }> {
  for (let modifications = 0; modifications <= maxModifications; modifications++) {
    const sequence = aliases.sequence(account, modifications)
    if (!sequence || (await settings.accountExists(sequence.alias)) !== false) continue
    if (await settings.store.reserve(sequence.name, exp + retiredSeconds)) {
      return { ...sequence, modifications }
    }
  }
  throw new LingpaiError('temporarily_unavailable', {
    message: 'temporarily_unavailable (every sequence is taken)',
  })
}

interface NewAlias {
  holder: Holder
  operation: string
  limits?: Record<string, unknown>
  account: string
  closers: string
  claim?: string
  exp: number
}

function recordOf(alias: NewAlias): string {
  return JSON.stringify(alias)
}
