// WeChat and QQ as their servers behave: an error code that is absent on success, codes that serve once (40163), one session
// key for each user, phone numbers by a code of their own, access tokens of the app.
import { createHmac, randomBytes } from 'node:crypto'
import { encrypt, sign } from './payloads.js'
import { startServer } from './server.js'
import { createUsers } from './users.js'

export async function startWechat(app) {
  const users = createUsers({ app })
  const phones = new Map()
  let accessToken
  const renewAccessToken = () => {
    accessToken = `access-${randomBytes(24).toString('base64url')}`
    users.secrets.push(accessToken)
  }
  renewAccessToken()
  const server = await startServer(({ path, query, json }) => {
    switch (path) {
      case '/sns/jscode2session':
        return session(query)
      case '/cgi-bin/stable_token':
        if (json.appid !== app.appId) return refuse(40013)
        if (json.secret !== app.appSecret) return refuse(40125)
        return { access_token: accessToken, expires_in: 7200 }
      case '/wxa/business/getuserphonenumber':
        return query.access_token === accessToken ? phone(json.code) : refuse(40001)
      case '/wxa/checksession':
        return query.access_token === accessToken ? check(query) : refuse(40001)
      default:
        return refuse(40066)
    }
  })

  function session({ appid, secret, js_code, grant_type }) {
    if (appid !== app.appId) return refuse(40013)
    if (secret !== app.appSecret) return refuse(40125)
    if (!js_code) return refuse(41008)
    if (grant_type !== 'authorization_code') return refuse(40002)
    const { refused, user, union, key } = users.redeem(js_code, appid)
    if (refused) return refuse(refused === 'used' ? 40163 : 40029)
    return { session_key: key, openid: user, ...(union && { unionid: union }) }
  }

  function phone(code) {
    const known = phones.get(code)
    if (!known) return refuse(40029)
    phones.delete(code)
    return { errcode: 0, errmsg: 'ok', phone_info: known }
  }

  function check({ openid, signature, sig_method }) {
    const user = openid.split('-user-')[1]
    const key = users.keyOf(`user-${user}`)
    const right = key && createHmac('sha256', key).update('').digest('hex') === signature
    return right && sig_method === 'hmac_sha256' ? { errcode: 0, errmsg: 'ok' } : refuse(87009)
  }

  return {
    app,
    ...server,
    ...users,
    registration: { platform: app.platform, appId: app.appId, appSecret: app.appSecret },
    refusals: {
      busy: refuse(-1),
      rate_limited: refuse(45011),
      risk_blocked: refuse(40226),
      wrong_secret: refuse(40125),
      wrong_app: refuse(40013),
    },
    encrypted: (members, { user, key = users.keyOf(user), ...more } = {}) =>
      encrypt(key, members, { appId: app.appId, ...more }),
    signed: (members, user) => sign(users.keyOf(user), members),
    /** A code for a phone number, which the user's tap on a button gives. */
    phoneCode({ appId = app.appId, timestamp = Math.floor(Date.now() / 1000) } = {}) {
      const code = randomBytes(16).toString('hex')
      const purePhoneNumber = '13800000000'
      users.secrets.push(code)
      phones.set(code, {
        phoneNumber: purePhoneNumber,
        purePhoneNumber,
        countryCode: '86',
        watermark: { timestamp, appid: appId },
      })
      return code
    },
    /** Ends the access token that the app has, as another server of the app would. */
    renewAccessToken,
  }
}

function refuse(errcode) {
  return { errcode, errmsg: `refused, rid: ${randomBytes(4).toString('hex')}` }
}
