// Gets an alias: a new one for an account, or one that another terminal shows.
import { operations } from '../engine/operations'
import type { Holder } from '../kit'
import { createHandle, type Alias } from './handle'
import { ask } from './request'
import type {
  BeginOperationOptions,
  ClaimOperationOptions,
  OperationDetails,
  OperationHandle,
  OperationLimits,
} from './types'

type Opened = Omit<Alias, 'pairingCode'> & { claim?: string }

/** Makes an operation of the kind `type`. `details` are fixed from now on; left out, `submit` gets them. */
export async function beginOperation(
  holder: Holder,
  type: string,
  details: OperationDetails | undefined,
  options: BeginOperationOptions,
): Promise<OperationHandle> {
  if (typeof type !== 'string' || !type) throw new TypeError('type: a string')
  const { account, limits, transferable = false, onEvent } = options || {}
  if (typeof account !== 'string' || !account) throw new TypeError('account: a string')
  checkKey(holder)
  const body = JSON.stringify({ account, operation: type, limits, transferable })
  const renew = async (): Promise<Alias> => {
    const { claim, ...opened } = await ask<Opened>(holder, '/v1/aliases', body)
    return claim ? { ...opened, pairingCode: pairingCode(holder, opened, claim) } : opened
  }
  const handle = createHandle(holder, { type, details, limits, renew, onEvent })
  handle.take(await renew())
  return handle.shown
}

/** Takes over the operation whose pairing code another terminal of the same user shows. */
export async function claimOperation(
  holder: Holder,
  code: string,
  { onEvent }: ClaimOperationOptions = {},
): Promise<OperationHandle> {
  const { kit, device } = holder
  const [version, alias, visit, name, claim] = String(code).split('.')
  if (version !== 'lp1' || !alias || !visit || !name || !claim)
    throw new kit.LingpaiError('malformed')
  checkKey(holder)
  const request = {
    alias: device.engine.text(operations.decode, alias),
    handle: `${visit}.${name}`,
    claim,
  }
  const { operation, limits, ...claimed } = await ask<
    Omit<Opened, 'alias'> & { operation: string; limits?: OperationLimits }
  >(holder, '/v1/aliases/claim', JSON.stringify(request))
  const handle = createHandle(holder, { type: operation, limits, onEvent })
  handle.take({ alias: request.alias, ...claimed })
  return handle.shown
}

/** Without a key nobody could tell that what is executed is what was shown. */
function checkKey({ kit, device }: Holder): void {
  if (device.jkt === undefined)
    throw new kit.LingpaiError('proof_required', { message: 'no key can be made here' })
}

/** `lp1.` and base64url of the alias, its handle, and the secret by which it is claimed. */
function pairingCode({ device }: Holder, { alias, handle }: Alias, claim: string): string {
  return `lp1.${device.engine.text(operations.encode, alias)}.${handle}.${claim}`
}
