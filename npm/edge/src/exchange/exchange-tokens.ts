// The steps of an exchange: the core decides each of them, the platform and the stores are asked in between.
import type { ErrorCode } from '../codes.js'
import { engine } from '../engine/full.js'
import type { LedgerOutcome } from '../authority/ledger.js'
import type { Asked } from './ask.js'
import { registrationText, type MiniProgram } from './clients.js'
import type { Setup } from './options.js'
import { rsaVerify } from './platforms/alipay-rsa.js'
import { loginCall } from './platforms/index.js'
import { Refused } from './refused.js'

/** How long the session before a login still serves, in seconds. */
const previousSeconds = 300

interface Opened {
  exchange: number
  family: string
  burn?: string
  burnUntil?: number
  /** Of a refresh. */
  command?: unknown
  /** Of a login. */
  claim?: unknown
  code?: string
  tokenType?: string
}

type Waiting = ReturnType<typeof engine.onlyOnce>

/** The body of the answer that grants. Throws what {@link reasonOf} reads. */
export async function exchangeTokens(
  body: string,
  proof: string | undefined,
  setup: Setup,
): Promise<string> {
  const { settings, resource } = setup
  const clientId = engine.call((glue) => glue.tokenExchangeClient(body))
  const client = await setup.clients.find(clientId)
  if (!client) throw new Refused('invalid_client')
  const registration = registrationText(client)
  const now = Math.floor(settings.now() / 1000)
  const opened = JSON.parse(
    resource.use((number) => engine.glue.tokenExchangeOpen(number, body, registration, proof, now)),
  ) as Opened
  const waiting = engine.onlyOnce(opened.exchange, engine.glue.tokenExchangeClose)
  try {
    await burn(opened, setup)
    const outcome =
      opened.command === undefined
        ? await login(client, opened, waiting, setup)
        : await settings.ledger.decide(opened.family, JSON.stringify(opened.command))
    await checkCutOff(outcome, opened.family, setup)
    return granted(outcome, waiting, setup)
  } finally {
    waiting.free()
  }
}

async function burn({ burn, burnUntil }: Opened, { settings }: Setup): Promise<void> {
  if (burn === undefined || burnUntil === undefined) return
  if ((await settings.ledger.burn(burn, burnUntil)) !== true) throw new Refused('proof_replayed')
}

/** What the ledger grants for a login code, once its platform has said who it is. */
async function login(
  client: MiniProgram,
  opened: Opened,
  waiting: Waiting,
  setup: Setup,
): Promise<LedgerOutcome> {
  const { settings, exchangeLedger } = setup
  const { code = '', tokenType = '' } = opened
  const anonymous = tokenType.includes('anonymous')
  const call = await loginCall(client, { code, anonymous, nowMs: settings.now() })
  const asked = await exchangeLedger.ask(opened.family, JSON.stringify(opened.claim), {
    ...call,
    tokenType,
    timeoutMs: setup.platformTimeoutMs,
  })
  if ('refused' in asked) throw new Refused(asked.refused)
  if ('outcome' in asked) return asked.outcome
  const { account, union } = await identify(client, asked, waiting, setup)
  const subject = await subjectOf(client, account, union, setup)
  const command = await keepSession(subject, waiting, setup)
  return settings.ledger.decide(opened.family, command)
}

interface Identified {
  account: string
  union?: string
}

/** Who the platform says it is, in opaque ids. */
async function identify(
  client: MiniProgram,
  asked: Exclude<Asked, { refused: string } | { outcome: string }>,
  waiting: Waiting,
  setup: Setup,
): Promise<Identified> {
  if ('failed' in asked) throw refused(client, 'temporarily_unavailable', asked.failed, setup)
  const { status, answer } = asked
  const text = setup.resource.use((number) =>
    waiting.use((exchange) => engine.glue.tokenExchangeIdentify(number, exchange, status, answer)),
  )
  const identified = JSON.parse(text) as
    { refused: ErrorCode; providerCode?: string } | (Identified & { refused?: never })
  if (identified.refused !== undefined) {
    throw refused(client, identified.refused, identified.providerCode, setup)
  }
  if (client.platform === 'alipay' && !(await isAlipays(client.alipayPublicKey, answer))) {
    throw refused(client, 'server_error', 'signature', setup)
  }
  return identified
}

/** Whether Alipay has signed the answer, over the very text. */
async function isAlipays(publicKey: string, answer: string): Promise<boolean> {
  let parts: { signed: string; sign: string }
  try {
    parts = JSON.parse(engine.call((glue) => glue.alipaySigned(answer))) as typeof parts
  } catch {
    return false
  }
  return rsaVerify(publicKey, parts.signed, parts.sign)
}

/**
 * The subject of an account. What was said first stays: an account that tokens have named is never made another one by what
 * a platform says later about its union id.
 */
async function subjectOf(
  client: MiniProgram,
  account: string,
  union: string | undefined,
  { store, emit }: Setup,
): Promise<string> {
  // Said first as well: a group that is set later finds it.
  if (client.linkGroup === undefined) return store.link(account, account)
  if (union === undefined) return store.link(account, account)
  const united = await store.link(union, account)
  const subject = await store.link(account, united)
  if (subject !== united) {
    emit({ type: 'link_conflict', clientId: client.clientId, platform: client.platform })
  }
  return subject
}

/** Keeps the session of a login that is about to be granted, and gives the command that grants it. */
async function keepSession(subject: string, waiting: Waiting, setup: Setup): Promise<string> {
  const { settings, resource, sessionKeys, store } = setup
  const nowSeconds = Math.floor(settings.now() / 1000)
  const text = resource.use((number) =>
    sessionKeys.use((keys) =>
      waiting.use((exchange) =>
        engine.glue.tokenExchangeCommand(number, exchange, keys, subject, nowSeconds),
      ),
    ),
  )
  const { command, owner, session } = JSON.parse(text) as {
    command: unknown
    owner: string
    session?: string
  }
  if (session !== undefined) {
    await store.keepSession(owner, session, {
      nowSeconds,
      untilSeconds: nowSeconds + setup.sessionLifetimeSeconds,
      previousUntilSeconds: nowSeconds + previousSeconds,
    })
  }
  return JSON.stringify(command)
}

/** Ends what began before its subject's tokens were cut off. */
async function checkCutOff(outcome: LedgerOutcome, family: string, setup: Setup): Promise<void> {
  const { cutOffs, ledger } = setup.settings
  const { terms, opened } = JSON.parse(outcome) as { terms?: { sub: string }; opened: number }
  if (!cutOffs || !terms) return
  const before = await cutOffs.cutOffOf(terms.sub)
  if (before === undefined || opened >= before) return
  await ledger.revoke(family)
  throw new Refused('visit_ended')
}

function granted(outcome: LedgerOutcome, waiting: Waiting, { settings, resource }: Setup): string {
  const now = Math.floor(settings.now() / 1000)
  const text = resource.use((number) =>
    waiting.use((exchange) => engine.glue.tokenExchangeGrant(number, exchange, outcome, now)),
  )
  const { body, refused: code } = JSON.parse(text) as { body?: string; refused?: ErrorCode }
  if (body === undefined) throw new Refused(code ?? 'internal')
  return body
}

function refused(
  client: MiniProgram,
  reason: ErrorCode,
  providerCode: string | undefined,
  { emit }: Setup,
): Refused {
  const { clientId, platform } = client
  emit({
    type: 'platform_refused',
    clientId,
    platform,
    reason,
    ...(providerCode !== undefined && { providerCode }),
  })
  return new Refused(reason, providerCode)
}
