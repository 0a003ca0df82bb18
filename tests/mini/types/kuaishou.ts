// The host takes `ks` as Kuaishou's own typings have it.
import { createMini, kuaishou, type Host } from '@lingpai/mini'

const host: Host = kuaishou(ks)
createMini({
  host,
  gateway: 'https://gate.example',
  clientId: 'app',
  audience: 'https://api.example',
})
