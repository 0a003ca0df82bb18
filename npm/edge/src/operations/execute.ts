// `POST /v1/operations`: the alias becomes the account again, once, and the service executes what the page showed.
import { LingpaiError } from '../error.js'
import type { Verified } from '../verifier.js'
import { storedName, type Aliases } from './aliases.js'
import type { Operation, OperationEvent, OperationOutcome, Settings } from './options.js'
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
import type { OperationState } from './store.js'

/** Answers with `{"state", "result"?, "refused"?}`: 200 for `done`, 202 for `pending` and `in_doubt`. */
export async function executeOperation(
  request: Request,
  verified: Verified,
  settings: Settings,
  aliases: Aliases,
): Promise<Response> {
  const holder = holderOf(verified)
  const { members, hash } = await coveredBody(request)
  onlyMembers(members, ['alias', 'operation', 'details', 'idempotency_key'])
  const alias = stringMember(members, 'alias', /^.{1,64}$/s)
  const type = stringMember(members, 'operation', anything)
  if (!settings.operations.has(type)) throw malformed('operation')
  const details = objectMember(members, 'details')
  const key = stringMember(members, 'idempotency_key', /^[\w-]{16,128}$/)

  const { store } = settings
  const visit = storedName('visit', holder.sid)
  const name = aliases.nameOf(alias)
  const id = storedName('operation', key)
  const { claims } = verified
  const event = { operation: type, handle: `${visit}.${name}`, ...who(claims) }
  const emit = (kind: OperationEvent['type'], thrown?: unknown) =>
    settings.emit({ type: kind, ...event, ...(thrown instanceof Error && { thrown: thrown.name }) })
  const nowSeconds = () => Math.floor(settings.now() / 1000)
  const verdict = await store.begin(visit, name, id, {
    holder,
    operation: type,
    hash,
    details,
    leaseSeconds: settings.leaseSeconds,
    now: nowSeconds(),
  })

  const context = `answer ${visit} ${id}`
  const answerOf = (state: OperationState): Response =>
    state.state === 'done'
      ? answer(200, { state: 'done', ...JSON.parse(aliases.unseal(context, state.answer)) })
      : answer(202, state)

  /** The first outcome stays: what is answered is what is kept. */
  const settle = async (outcome: OperationOutcome, account?: string): Promise<Response> => {
    const text = withoutAccount(textOf(outcome), account, alias)
    const sealed = aliases.seal(context, text)
    const state = await store.settle(visit, id, hash, sealed, nowSeconds())
    emit('settled')
    return answerOf(state ?? { state: 'done', answer: sealed })
  }

  const shared = {
    type,
    details: freeze(details),
    subject: holder.sub,
    claims,
    idempotencyKey: `${visit}.${id}`,
  }

  if ('refused' in verdict) throw new LingpaiError(verdict.refused)
  if ('execute' in verdict) {
    emit('begun')
    const account = aliases.unseal(`account ${name}`, verdict.execute)
    const execution = execute({ ...shared, account })
    // The page may go away; the execution does not.
    settings.waitUntil?.(execution.catch(() => undefined))
    return execution
  }
  emit('repeated')
  return verdict.state === 'in_doubt' ? resolve() : answerOf(verdict)

  async function execute(operation: Operation): Promise<Response> {
    let outcome: OperationOutcome
    try {
      outcome = await within(settings, (signal) => settings.execute(operation, signal))
      textOf(outcome)
    } catch (error) {
      emit('in_doubt', error)
      await store.settle(visit, id, hash, undefined, nowSeconds())
      return answerOf({ state: 'in_doubt' })
    }
    return settle(outcome, operation.account)
  }

  async function resolve(): Promise<Response> {
    let outcome: OperationOutcome | undefined
    try {
      outcome = await within(settings, (signal) => settings.resolve?.(shared, signal))
    } catch (error) {
      // Not known yet.
      emit('in_doubt', error)
    }
    return outcome === undefined ? answerOf({ state: 'in_doubt' }) : settle(outcome)
  }
}

function answer(status: number, body: object): Response {
  const headers = status === 202 ? { 'Retry-After': '1' } : {}
  return Response.json(body, { status, headers })
}

/** Ends waiting, whether or not what is waited for heeds the signal. */
async function within<T>(
  { executionTimeoutMs }: Settings,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const reason = new LingpaiError('temporarily_unavailable')
      controller.abort(reason)
      reject(reason)
    }, executionTimeoutMs)
  })
  try {
    return await Promise.race([late, work(controller.signal)])
  } finally {
    clearTimeout(timer)
  }
}

/** An outcome as JSON. Throws where it is none. */
function textOf(outcome: OperationOutcome): string {
  if (typeof outcome !== 'object' || outcome === null) throw new TypeError('execute: no outcome')
  if ('refused' in outcome) return JSON.stringify({ refused: String(outcome.refused) })
  return JSON.stringify({ result: outcome.result ?? null })
}

/** The page knows the alias alone: where a result names the account, it gets that. */
function withoutAccount(text: string, account: string | undefined, alias: string): string {
  if (account === undefined) return text
  const inside = (value: string) => JSON.stringify(value).slice(1, -1)
  return text.replaceAll(inside(account), () => inside(alias))
}

function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) freeze(member)
  }
  return Object.freeze(value)
}
