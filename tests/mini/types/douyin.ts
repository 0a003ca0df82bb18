// The host takes `tt` as Douyin's own typings have it.
import { createMini, douyin, type Host } from '@lingpai/mini'

const host: Host = douyin(tt)
createMini({
  host,
  gateway: 'https://gate.example',
  clientId: 'app',
  audience: 'https://api.example',
})
