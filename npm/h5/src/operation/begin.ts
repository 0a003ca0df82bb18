// Gets an alias: a new one for an account, or one that another terminal shows.
import { LingpaiError } from '../errors.js'
import { createHandle, type Alias } from './handle.js'
import type { Context } from './request.js'
import { ask } from './request.js'
import type {
  BeginOperationOptions,
  ClaimOperationOptions,
  OperationDetails,
  OperationHandle,
  OperationLimits,
} from './types.js'

interface Opened {
  alias: string
  handle: string
  close: string
  exp: number
  claim?: string
}

/** Makes an operation of the kind `type`. `details` are fixed from now on; left out, `submit` gets them. */
export async function beginOperation(
  context: Context,
  type: string,
  details: OperationDetails | undefined,
  options: BeginOperationOptions,
): Promise<OperationHandle> {
  if (typeof type !== 'string' || !type) throw new TypeError('type: a string')
  const { account, limits, transferable = false, signal, onEvent } = options ?? {}
  if (typeof account !== 'string' || !account) throw new TypeError('account: a string')
  const body = JSON.stringify({ account, operation: type, limits, transferable })
  const open = async (signal?: AbortSignal): Promise<Alias> => {
    const { claim, ...opened } = await ask<Opened>(context, '/v1/aliases', body, signal)
    return { ...opened, ...(claim && { pairingCode: pairingCode(opened, claim) }) }
  }
  const begin = createHandle(context, { type, details, limits, renew: open, onEvent })
  return begin(() => open(signal))
}

/** Takes over the operation whose pairing code another terminal of the same user shows. */
export async function claimOperation(
  context: Context,
  code: string,
  { signal, onEvent }: ClaimOperationOptions = {},
): Promise<OperationHandle> {
  const [version, alias, visit, name, claim] = String(code).split('.')
  if (version !== 'lp1' || !alias || !visit || !name || !claim) throw new LingpaiError('malformed')
  const request = { alias: readAlias(alias), handle: `${visit}.${name}`, claim }
  const body = JSON.stringify(request)
  const { operation, limits, ...claimed } = await ask<
    Omit<Opened, 'alias'> & { operation: string; limits?: OperationLimits }
  >(context, '/v1/aliases/claim', body, signal)
  const begin = createHandle(context, { type: operation, limits, onEvent })
  return begin(async () => ({ alias: request.alias, ...claimed }))
}

/** `lp1.` and base64url of the alias, its handle, and the secret by which it is claimed. */
function pairingCode({ alias, handle }: Omit<Opened, 'claim'>, claim: string): string {
  const encoded = btoa(alias).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  return `lp1.${encoded}.${handle}.${claim}`
}

function readAlias(encoded: string): string {
  try {
    return atob(encoded.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    throw new LingpaiError('malformed')
  }
}
