// Data that a platform has made for the app's server and the mini-program passes on: opened, checked, accepted once.
import { engine } from '../engine/full.js'
import { LingpaiError } from '../error.js'
import type { AlipayMiniProgram, MiniProgram } from './clients.js'
import { registrationText } from './clients.js'
import type { Claims } from '../types.js'
import type { Setup } from './options.js'
import { rsaVerify } from './platforms/alipay-rsa.js'
import { json, serverOf } from './platforms/index.js'
import { callWechat } from './server-api.js'

/** Whose data it is: the claims of a visit token that has been verified. */
export type VisitClaims = Pick<Claims, 'sub' | 'client_id' | 'sid'>

/** What a platform has encrypted under the session key: as it came, in JSON, where no `+` becomes a space. */
export interface EncryptedPayload {
  encryptedData: string
  iv: string
}

/** What a platform has signed with the session key: `rawData` letter by letter as it came. */
export interface SignedPayload {
  rawData: string
  signature: string
}

/** A code for a phone number (WeChat); it is another one than that of the login. */
export interface PhoneCode {
  code: string
}

/** What Alipay gives a mini-program: a ciphertext, and the signature over it. */
export interface AlipayPayload {
  response: string
  sign: string
}

/** A phone number as its platform writes it. */
export interface PhoneNumber {
  /** With the country's code, where the platform gives it. */
  phoneNumber: string
  /** Without it. */
  purePhoneNumber?: string
  countryCode?: string
}

/** Payloads may come from a client a little before the login that the next one belongs to. */
const clockSeconds = 300

/** Opens or checks a payload under the session of a visit. */
export async function openPayload(
  visit: VisitClaims,
  payload: EncryptedPayload | SignedPayload,
  setup: Setup,
): Promise<Record<string, unknown>> {
  const { settings, sessionKeys, store, payloadMaxAgeSeconds } = setup
  const { client, owner, sid } = await userOf(visit, setup)
  const nowSeconds = Math.floor(settings.now() / 1000)
  const sessions = await stored(() => store.sessionsOf(owner, nowSeconds))
  const request = JSON.stringify({
    registration: JSON.parse(registrationText(client)),
    owner,
    sid,
    sessions,
    maxAgeSeconds: payloadMaxAgeSeconds,
    ...members(payload),
  })
  const text = sessionKeys.use((keys) => engine.glue.platformPayload(keys, request, nowSeconds))
  // A signature over raw data names no time, nor does what Baidu encrypts: these are remembered for as long as their session
  // could vouch for them.
  const timeless = 'rawData' in payload || client.platform === 'baidu'
  const seconds = timeless ? setup.sessionLifetimeSeconds : payloadMaxAgeSeconds
  // With another IV the first block of a ciphertext says something else: the ciphertext is what was presented, whatever its IV.
  const shown =
    'encryptedData' in payload ? payload.encryptedData : Object.values(members(payload)).join(' ')
  await once(owner, shown, nowSeconds + seconds, setup)
  return JSON.parse(text) as Record<string, unknown>
}

/** The phone number of a visit's user, by whichever way its platform has. */
export async function phoneNumber(
  visit: VisitClaims,
  payload: PhoneCode | EncryptedPayload | AlipayPayload,
  setup: Setup,
): Promise<PhoneNumber> {
  const { client } = await userOf(visit, setup)
  const read =
    'code' in payload
      ? await byCode(client, text('code', payload.code), setup)
      : 'response' in payload
        ? await byAlipay(client, payload, setup)
        : await openPayload(visit, payload, setup)
  const number = read['phoneNumber'] ?? read['mobile']
  if (typeof number !== 'string' || number === '') throw new LingpaiError('claim_invalid')
  const { purePhoneNumber, countryCode } = read
  return {
    phoneNumber: number,
    ...(typeof purePhoneNumber === 'string' && { purePhoneNumber }),
    ...(countryCode !== undefined && { countryCode: String(countryCode) }),
  }
}

/** Whether the platform still knows the session of a visit as the valid one (WeChat). */
export async function checkSession(visit: VisitClaims, setup: Setup): Promise<boolean> {
  const { client, owner } = await userOf(visit, setup)
  if (client.platform !== 'wechat') throw new LingpaiError('access_denied')
  const nowSeconds = Math.floor(setup.settings.now() / 1000)
  const [sealed] = await stored(() => setup.store.sessionsOf(owner, nowSeconds))
  if (sealed === undefined) return false
  const { openid, signature } = JSON.parse(
    setup.sessionKeys.use((keys) =>
      engine.glue.platformUserState(keys, owner, sealed, '', nowSeconds),
    ),
  ) as { openid: string; signature: string }
  try {
    await callWechat(
      client,
      (accessToken) => ({
        url: `${serverOf(client)}/wxa/checksession?${new URLSearchParams({
          access_token: accessToken,
          openid,
          signature,
          sig_method: 'hmac_sha256',
        })}`,
        method: 'GET',
        headers: {},
      }),
      setup,
    )
    return true
  } catch (error) {
    if (error instanceof LingpaiError && error.message.endsWith(' 87009)')) return false
    throw error
  }
}

async function byCode(client: MiniProgram, code: string, setup: Setup) {
  if (client.platform !== 'wechat') throw new LingpaiError('access_denied')
  const answer = await callWechat(
    client,
    (accessToken) =>
      json(
        `${serverOf(client)}/wxa/business/getuserphonenumber?${new URLSearchParams({ access_token: accessToken })}`,
        { code },
      ),
    setup,
  )
  const info = answer['phone_info']
  if (typeof info !== 'object' || info === null) throw new LingpaiError('server_error')
  const now = Math.floor(setup.settings.now() / 1000)
  engine.call((glue) =>
    glue.watermarkCheck(JSON.stringify(info), client.appId, setup.payloadMaxAgeSeconds, now),
  )
  return info as Record<string, unknown>
}

async function byAlipay(
  client: MiniProgram,
  payload: AlipayPayload,
  setup: Setup,
): Promise<Record<string, unknown>> {
  const { aesKey, alipayPublicKey } = alipayOf(client)
  const [response, sign] = [text('response', payload.response), text('sign', payload.sign)]
  // Signed with its quotes, as it stands in the JSON around it.
  if (!(await rsaVerify(alipayPublicKey, `"${response}"`, sign))) {
    throw new LingpaiError('signature_invalid')
  }
  const opened = JSON.parse(engine.call((glue) => glue.alipayOpen(aesKey, response))) as Record<
    string,
    unknown
  >
  if (opened['code'] !== '10000') throw new LingpaiError('server_error')
  const nowSeconds = Math.floor(setup.settings.now() / 1000)
  // It names neither a user nor a time: whoever brings it first has it, for as long as sessions are kept.
  await once(client.clientId, response, nowSeconds + setup.sessionLifetimeSeconds, setup)
  return opened
}

function alipayOf(client: MiniProgram): AlipayMiniProgram & { aesKey: string } {
  if (client.platform !== 'alipay' || client.aesKey === undefined) {
    throw new LingpaiError('access_denied')
  }
  return { ...client, aesKey: client.aesKey }
}

/** The client of a visit, and under which name its user's sessions are kept. */
async function userOf({ sub, client_id: clientId, sid }: VisitClaims, { clients }: Setup) {
  // A visit of a page has no mini-program behind it, a token of another kind no visit.
  if (sub === undefined || clientId === undefined || sid === undefined) {
    throw new LingpaiError('access_denied')
  }
  const client = await stored(() => Promise.resolve(clients.find(clientId)))
  if (!client || client.enabled === false) throw new LingpaiError('access_denied')
  return { client, owner: `${clientId}/${sub}`, sid }
}

/** Refuses what was presented before. Only what is genuine is remembered. */
async function once(owner: string, shown: string, until: number, setup: Setup): Promise<void> {
  const [by, what] = await Promise.all([digest(owner), digest(shown)])
  const burned = () => setup.settings.ledger.burn(`payload/${by}/${what}`, until + clockSeconds)
  if ((await stored(burned)) !== true) throw new LingpaiError('payload_replayed')
}

async function digest(message: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(message))
  const base64 = btoa(String.fromCharCode(...new Uint8Array(bytes)))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

async function stored<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch {
    // The store's words are not ours to pass on.
    throw new LingpaiError('storage_unavailable')
  }
}

function members(payload: EncryptedPayload | SignedPayload): Record<string, string> {
  return 'rawData' in payload
    ? { rawData: text('rawData', payload.rawData), signature: text('signature', payload.signature) }
    : {
        encryptedData: text('encryptedData', payload?.encryptedData),
        iv: text('iv', payload?.iv),
      }
}

/** What comes from a client is refused, not a fault of its caller. */
function text(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > 64 * 1024) {
    throw new LingpaiError('malformed', { message: `malformed (${name})` })
  }
  return value
}
