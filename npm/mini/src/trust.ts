// The issuer that an app trusts by configuration, and its keys: given, or fetched from where the protocol has them.
import { LingpaiError } from './errors'
import { within } from './gateway'
import type { Host } from './host'

/** An issuer whose tokens are verified. */
export interface Trusted {
  readonly issuer: string
  /** Calls back with the keys (a JWK Set as JSON); once more with fresh ones where the key is not among them. */
  read<Result>(check: (keys: string) => Result): Promise<Result>
}

const timeoutMs = 10_000

/** Trusts `issuer`, by `keys` if they are given. */
export function trust(host: Host, issuer: string, keys: object | undefined): Trusted {
  let known = keys === undefined ? undefined : JSON.stringify(keys)
  const fetched = async () => {
    const url = `${issuer}/.well-known/jwks.json`
    const asking = host.request({
      url,
      method: 'GET',
      headers: { accept: 'application/json' },
      timeoutMs,
    })
    const { status, body } = await within(host, timeoutMs + 5_000, asking)
    if (status !== 200)
      throw new LingpaiError('network_unavailable', { status, message: 'no keys' })
    return body
  }
  return {
    issuer,
    async read(check) {
      if (known === undefined) known = await fetched()
      try {
        return check(known)
      } catch (error) {
        if ((error as LingpaiError).code !== 'key_not_found' || keys !== undefined) throw error
        known = await fetched()
        return check(known)
      }
    },
  }
}
