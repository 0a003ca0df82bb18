// The host takes `wx` and `WXWebAssembly` as WeChat's own typings have them.
import { createMini, wechat, type Host } from '@lingpai/mini'

const host: Host = wechat(wx, WXWebAssembly)
createMini({
  host,
  gateway: 'https://gate.example',
  clientId: 'app',
  audience: 'https://api.example',
})
