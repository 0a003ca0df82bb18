// The host takes `my` as Alipay's own typings have it.
import { alipay, createMini, type Host } from '@lingpai/mini'

const host: Host = alipay(my)
createMini({
  host,
  gateway: 'https://gate.example',
  clientId: 'app',
  audience: 'https://api.example',
})
