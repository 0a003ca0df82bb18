// Douyin, Baidu and Kuaishou as their servers behave: error numbers beyond 2⁵³, JSON as text/plain, each with names of its own.
import { randomBytes } from 'node:crypto'
import { encrypt, encryptBaidu, sign } from './payloads.js'
import { startServer } from './server.js'
import { createUsers } from './users.js'

/** A number that no double holds, as Douyin's documentation shows one. */
const beyond = '{"err_no":7122357061596995001,"err_tips":"unknown"}'

export async function startDouyin(app) {
  const users = createUsers({ app })
  const refuse = (err_no, err_tips = 'refused') => ({ err_no, err_tips })
  const server = await startServer(({ json: { appid, secret, code, anonymous_code } }) => {
    if (appid !== app.appId) return refuse(40015, 'bad appid')
    if (secret !== app.appSecret) return refuse(40017, 'bad secret')
    const anonymous = code === undefined
    const redeemed = users.redeem(code ?? anonymous_code, appid, anonymous ? 'device' : 'user')
    if (redeemed.refused)
      return anonymous ? refuse(40019, 'bad anonymous code') : refuse(40018, 'bad code')
    const { user, union, key } = redeemed
    return {
      err_no: 0,
      err_tips: 'success',
      data: {
        session_key: key,
        openid: anonymous ? '' : user,
        anonymous_openid: anonymous ? user : '',
        unionid: union ?? '',
      },
    }
  })
  return {
    app,
    ...server,
    ...users,
    registration: { platform: 'douyin', appId: app.appId, appSecret: app.appSecret },
    refusals: {
      busy: refuse(-1, 'system error'),
      wrong_secret: refuse(40017, 'bad secret'),
      wrong_app: refuse(40015, 'bad appid'),
      int64: beyond,
    },
    encrypted: (members, { user, key = users.keyOf(user), ...more } = {}) =>
      encrypt(key, members, { appId: app.appId, ...more }),
    signed: (members, user) => sign(users.keyOf(user), members),
  }
}

export async function startBaidu(app) {
  // 24 bytes of base64 that look like hexadecimal digits.
  const users = createUsers({ app, sessionKey: () => randomBytes(16).toString('hex') })
  const refuse = (errno, error) => ({ errno, error, error_description: 'refused' })
  const server = await startServer(({ form: { code, client_id, sk } }) => {
    if (client_id !== app.appId || sk !== app.appSecret)
      return refuse(10010100, 'parameter is invalid')
    const { refused, user, key } = users.redeem(code, client_id)
    return refused ? refuse(10010200, 'invalid_code') : { openid: user, session_key: key }
  })
  return {
    app,
    ...server,
    ...users,
    registration: { platform: 'baidu', appId: app.appId, appSecret: app.appSecret },
    refusals: {
      busy: refuse(2, 'Service temporarily unavailable'),
      rate_limited: refuse(18, 'Open api qps request limit reached'),
      wrong_secret: refuse(10010100, 'parameter is invalid'),
    },
    encrypted: (members, { user, key = users.keyOf(user), ...more } = {}) =>
      encryptBaidu(key, members, { appId: app.appId, ...more }),
    signed: (members, user) => sign(users.keyOf(user), members),
  }
}

export async function startKuaishou(app) {
  const users = createUsers({ app })
  const refuse = (result, error) => ({ result, error, error_msg: 'refused' })
  const server = await startServer(({ form: { app_id, app_secret, js_code } }) => {
    if (app_id !== app.appId || app_secret !== app.appSecret)
      return refuse(100200101, 'invalid_client')
    const { refused, user, key } = users.redeem(js_code, app_id)
    return refused
      ? refuse(100200104, 'invalid_grant')
      : { result: 1, open_id: user, session_key: key }
  })
  return {
    app,
    ...server,
    ...users,
    registration: { platform: 'kuaishou', appId: app.appId, appSecret: app.appSecret },
    refusals: {
      busy: refuse(100200500, 'server_error'),
      wrong_secret: refuse(100200101, 'invalid_client'),
    },
    encrypted: (members, { user, key = users.keyOf(user), ...more } = {}) =>
      encrypt(key, members, { appId: app.appId, ...more }),
    signed: (members, user) => sign(users.keyOf(user), members),
  }
}
