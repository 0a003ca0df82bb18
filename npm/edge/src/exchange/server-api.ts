// Server APIs of WeChat: under the app's access token, which is asked for once and renewed when it is not accepted.
import type { ErrorCode } from '../codes.js'
import { engine } from '../engine/full.js'
import { LingpaiError } from '../error.js'
import { callPlatform, type PlatformCall } from './call.js'
import type { SecretMiniProgram } from './clients.js'
import type { Setup } from './options.js'
import { json, serverOf } from './platforms/index.js'

type Read = { renew?: boolean; refused?: ErrorCode; providerCode?: string; answer?: unknown }

/** Calls an API with the app's access token; rejects with what the platform's code means. */
export async function callWechat(
  client: SecretMiniProgram,
  callWith: (accessToken: string) => Omit<PlatformCall, 'timeoutMs'>,
  setup: Setup,
): Promise<Record<string, unknown>> {
  let stale: string | undefined
  for (let attempt = 0; attempt < 2; attempt++) {
    const accessToken = await accessTokenOf(client, stale, setup)
    const call = { ...callWith(accessToken), timeoutMs: setup.platformTimeoutMs }
    const read = readAnswer(client, await callPlatform(call))
    if (read.answer !== undefined) return read.answer as Record<string, unknown>
    if (!read.renew) throw failure(client, read, setup)
    stale = accessToken
  }
  throw new LingpaiError('server_error')
}

async function accessTokenOf(
  client: SecretMiniProgram,
  stale: string | undefined,
  setup: Setup,
): Promise<string> {
  const call = json(`${serverOf(client)}/cgi-bin/stable_token`, {
    grant_type: 'client_credential',
    appid: client.appId,
    secret: client.appSecret,
  })
  const timeoutMs = setup.platformTimeoutMs
  const app = `${client.platform}/${client.appId}`
  const held = await setup.store.accessToken(app, { ...call, timeoutMs }, stale)
  if ('token' in held) return held.token
  const read = readAnswer(client, held)
  // Neither a token nor a word about why.
  const refused = read.refused ?? 'server_error'
  throw failure(client, { ...read, refused }, setup)
}

function readAnswer(
  { platform }: SecretMiniProgram,
  answered: Awaited<ReturnType<typeof callPlatform>>,
): Read {
  if ('failed' in answered) {
    return { refused: 'temporarily_unavailable', providerCode: answered.failed }
  }
  const { status, answer } = answered
  return JSON.parse(engine.call((glue) => glue.platformApiAnswer(platform, status, answer))) as Read
}

function failure(client: SecretMiniProgram, read: Read, { emit }: Setup): LingpaiError {
  const reason = read.refused ?? 'server_error'
  const { clientId, platform } = client
  const { providerCode } = read
  emit({
    type: 'platform_refused',
    clientId,
    platform,
    reason,
    ...(providerCode !== undefined && { providerCode }),
  })
  const message = providerCode === undefined ? reason : `${reason} (${platform} ${providerCode})`
  return new LingpaiError(reason, { message })
}
