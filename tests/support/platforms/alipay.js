// Alipay as its gateway behaves: requests signed by the app, answers signed over their own text, slashes escaped, no session
// key, phone numbers under the app's AES key.
import {
  createCipheriv,
  createSign,
  createVerify,
  generateKeyPairSync,
  randomBytes,
} from 'node:crypto'
import { startServer } from './server.js'
import { createUsers } from './users.js'

export async function startAlipay(app) {
  const [ours, theirs] = [rsa(), rsa()]
  const aesKey = randomBytes(16).toString('base64')
  const users = createUsers({ app })
  users.secrets.push(aesKey, ...body(ours.privateKey))
  const server = await startServer(({ form }) => answer(form))

  function answer({ sign, ...form }) {
    if (form.app_id !== app.appId) return refuse('40002', 'isv.invalid-app-id')
    const text = Object.keys(form)
      .sort()
      .map((name) => `${name}=${form[name]}`)
      .join('&')
    const verify = createVerify('RSA-SHA256').update(text)
    if (!sign || !verify.verify(ours.publicKey, sign, 'base64')) {
      return refuse('40002', 'isv.invalid-signature')
    }
    const { refused, user } = users.redeem(form.code, form.app_id)
    if (refused) return refuse('40002', 'isv.code-invalid')
    const tokens = ['access', 'refresh'].map((kind) => `${kind}-${randomBytes(16).toString('hex')}`)
    users.secrets.push(...tokens)
    return signed('alipay_system_oauth_token_response', {
      open_id: user,
      access_token: tokens[0],
      expires_in: 1296000,
      refresh_token: tokens[1],
      re_expires_in: 2592000,
      auth_start: '2026-11-01 12:00:00',
      // Escaped on the wire, and signed as it is there.
      note: 'https://alipay.example/',
    })
  }

  function signed(node, members, key = theirs.privateKey) {
    const text = JSON.stringify(members).replaceAll('/', '\\/')
    return `{"${node}":${text},"sign":"${signature(text, key)}"}`
  }

  function refuse(code, sub_code) {
    return signed('error_response', { code, msg: 'refused', sub_code, sub_msg: '拒绝' })
  }

  /** What `my.getPhoneNumber` gives. */
  function phone({ mobile = '13800000000', key = theirs.privateKey } = {}) {
    const cipher = createCipheriv('aes-128-cbc', Buffer.from(aesKey, 'base64'), Buffer.alloc(16))
    const text = JSON.stringify({ code: '10000', msg: 'Success', mobile })
    const response = Buffer.concat([cipher.update(text), cipher.final()]).toString('base64')
    return { response, sign: signature(`"${response}"`, key) }
  }

  const pem = (key, type) => key.export({ type, format: 'pem' })
  return {
    app,
    ...server,
    ...users,
    registration: {
      platform: 'alipay',
      appId: app.appId,
      privateKey: pem(ours.privateKey, 'pkcs8'),
      alipayPublicKey: pem(theirs.publicKey, 'spki'),
      aesKey,
    },
    refusals: {
      busy: refuse('20000', 'aop.unknow-error'),
      rate_limited: refuse('40005', 'isv.app-call-limited'),
      wrong_secret: refuse('40002', 'isv.invalid-signature'),
      wrong_app: refuse('40002', 'isv.invalid-app-id'),
    },
    phone,
    /** An answer signed by somebody else. */
    forged: () =>
      signed('alipay_system_oauth_token_response', { open_id: 'victim' }, rsa().privateKey),
    /** An answer that nobody has signed. */
    unsigned: { alipay_system_oauth_token_response: { open_id: 'victim' } },
  }
}

/** The lines of a private key, each long enough to be recognised. */
function body(key) {
  const lines = key.export({ type: 'pkcs8', format: 'pem' }).split('\n')
  return lines.filter((line) => line.length > 30 && !line.startsWith('-'))
}

function rsa() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function signature(text, key) {
  return createSign('RSA-SHA256').update(text).sign(key, 'base64')
}
