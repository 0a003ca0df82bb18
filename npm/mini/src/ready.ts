// A mini-program that is ready: device, gateway, and the keepers of its tokens.
import { openDevice, type Device } from './device'
import { createGateway, type Gateway } from './gateway'
import { createKeeper, type Keeper } from './keeper'
import { renewLogin } from './login'
import { visits } from './further'
import { kit } from './kit'
import type { Settings } from './options'
import type { KeptToken } from './record'
import { trust } from './trust'
import type { VisitOptions } from './visit/redeem'

/** All that calls stand on. */
export interface Ready {
  device: Device
  gateway: Gateway
  login: Keeper
  visit?: Keeper
  visitOptions?: VisitOptions
}

/** Makes it. */
export async function makeReady(settings: Settings): Promise<Ready> {
  const { host, emit } = settings
  const device = await openDevice(settings)
  const { engine, store, jkt } = device
  const offsetMs = () => store.record.clockOffsetMs
  const nowSeconds = () => Math.floor((host.now() + offsetMs()) / 1000)
  const set = (gatewayMs: number) => void (store.record.clockOffsetMs = gatewayMs - host.now())
  const gateway = createGateway(host, engine, settings.gateway, { nowSeconds, set })
  const { issuer, keys } = settings
  const verifies = issuer !== undefined && engine.ability === 'visits'
  const trusted = verifies ? trust(host, issuer, keys) : undefined
  const keeper = (kept: () => KeptToken | undefined, renew: () => Promise<KeptToken>) =>
    createKeeper({
      engine,
      kept,
      renew,
      nowSeconds,
      offsetMs,
      nowMs: () => host.now(),
      closed: () => store.closed,
      failed: (error) => emit({ type: 'renewal-failed', error }),
    })
  const options = Object.assign({}, settings, device, { gateway, trusted })
  // A token that is bound to a key is of no use to who has none.
  const usable = (token: KeptToken | undefined) =>
    token !== undefined && (token.type === 'DPoP') === (jkt !== undefined) ? token : undefined
  const login = keeper(
    () => usable(store.record.login.token),
    () => renewLogin(options),
  )
  const ready: Ready = { device, gateway, login }
  if (trusted !== undefined && jkt !== undefined) {
    const visitOptions = Object.assign(options, { kit, trusted })
    ready.visitOptions = visitOptions
    ready.visit = keeper(
      () => store.record.visit.token,
      () => visits().renewVisit(visitOptions),
    )
  }
  return ready
}
