// The platforms' servers on loopback, one for each. For tests alone: they share no code with the packages.
import { startAlipay } from './alipay.js'
import { startBaidu, startDouyin, startKuaishou } from './others.js'
import { startWechat } from './wechat.js'

const starts = {
  alipay: startAlipay,
  baidu: startBaidu,
  douyin: startDouyin,
  kuaishou: startKuaishou,
  qq: startWechat,
  wechat: startWechat,
}

/** Names of all platforms. */
export const PLATFORMS = Object.keys(starts)

/**
 * Starts all of them: `platforms.wechat` and so on, each with `url`, `calls`, `fail`, `heal`, `login` (a code), `encrypted`,
 * `signed`, `refusals` (its own words) and `registration`.
 */
export async function startPlatforms() {
  const entries = Object.entries(starts).map(async ([platform, start]) => {
    const app = {
      platform,
      appId: platform === 'alipay' ? '2021000000000001' : `${platform}0123456789abcdef`,
      appSecret: `secret-of-${platform}-0123456789abcdef`,
    }
    return [platform, await start(app)]
  })
  const platforms = Object.fromEntries(await Promise.all(entries))
  const all = Object.values(platforms)
  return {
    platforms,
    /** Registrations for the Worker's binding MINI_PROGRAMS; `more` goes into each. */
    registrations: ({ audience, ...more }) =>
      all.map(({ url, registration }) => ({
        clientId: `mini-${registration.platform}`,
        audiences: [audience],
        scopes: ['profile', 'orders:read', 'orders:write', 'platform:payload', 'platform:phone'],
        bearerScopes: ['profile'],
        endpoint: url,
        ...registration,
        ...more,
      })),
    /** What must not turn up anywhere: secrets of apps, codes, ids of users, session keys. */
    secrets: () => all.flatMap(({ app, secrets }) => [app.appSecret, ...secrets]),
    stop: () => Promise.all(all.map(({ stop }) => stop())),
  }
}
