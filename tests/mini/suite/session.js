// The package itself, on a host that answers at once: login, requests, a refresh, a restart. With the same draws of
// randomness it writes the same requests, down to the signatures of its proofs.
'use strict'

const { fromUtf8, hex } = require('./border.js')

const START = 1764028800
const url = 'https://gate.example'
const audience = 'https://api.example'

exports.session = async function (lingpai, instantiate, call, note) {
  const encode = (text) => fromUtf8(call(6, text))
  const disk = {}
  const sent = []
  let now = START * 1000
  let draws = 0
  let logins = 0
  Date.now = () => now

  /** The thumbprint of the key in a proof. */
  function thumbprint(proof) {
    const { jwk } = JSON.parse(fromUtf8(call(7, proof.split('.')[0])))
    return fromUtf8(
      call(6, call(1, '{"crv":"' + jwk.crv + '","kty":"' + jwk.kty + '","x":"' + jwk.x + '"}')),
    )
  }

  function answer({ url: address, header, data }) {
    const seconds = Math.floor(now / 1000)
    if (address.indexOf('/v1/exchange') < 0)
      return { statusCode: 200, data: '{"ok":true}', header: {} }
    const jkt = header.dpop && thumbprint(header.dpop)
    const life = jkt ? 900 : 300
    const claims = {
      iss: url,
      aud: audience,
      sub: '用户-1 \u{1F680}',
      client_id: 'app',
      scope: 'read',
      jti: 'jti-' + sent.length,
      sid: 'sid',
      iat: seconds,
      exp: seconds + life,
    }
    if (jkt) claims.cnf = { jkt }
    const token = [{ alg: 'EdDSA', kid: 's1', typ: 'vt+jwt' }, claims].map((part) =>
      encode(JSON.stringify(part)),
    )
    token.push(encode(new Uint8Array(64).fill(7)))
    const document = {
      access_token: token.join('.'),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: jkt ? 'DPoP' : 'Bearer',
      expires_in: life,
      scope: 'read',
    }
    if (jkt) document.refresh_token = 'refresh-' + sent.length
    void data
    return {
      statusCode: 200,
      data: JSON.stringify(document),
      header: { 'Content-Type': 'application/json' },
    }
  }

  const wx = {
    request(options) {
      sent.push([options.method, options.url, options.data, options.header])
      options.success(answer(options))
    },
    login: ({ success }) => success({ code: 'code-' + ++logins }),
    getStorage: ({ key, success, fail }) =>
      key in disk
        ? success({ data: disk[key] })
        : fail({ errMsg: 'getStorage:fail data not found' }),
    setStorage: ({ key, data, success }) => {
      disk[key] = data
      success()
    },
    removeStorage: ({ key, success }) => {
      delete disk[key]
      success()
    },
    getRandomValues: ({ length, success }) => {
      draws += 1
      const bytes = Uint8Array.from(
        { length },
        (_, at) => (draws * 57 + at * 101 + ((at * at * draws) >> 3)) & 255,
      )
      success({ randomValues: bytes.buffer })
    },
  }
  const packages = [lingpai].concat(lingpai.again)
  const start = () => {
    const own = packages.shift()
    return own.createMini({
      host: own.wechat(wx, instantiate && { instantiate }),
      gateway: url,
      clientId: 'app',
      audience,
    })
  }

  const first = start()
  note('session: nothing is sent before the first call', sent.length)
  const tokens = await Promise.all(Array.from({ length: 50 }, () => first.token()))
  note(
    'session: one login for fifty calls',
    [logins, sent.length, tokens.every(({ text }) => text === tokens[0].text)].join(),
  )
  note('session: the token', JSON.stringify(tokens[0]))
  note(
    'session: a request',
    (
      await first.request({
        url: audience + '/orders?x=1#y',
        method: 'POST',
        body: { text: '订单 \u{1F680}' },
      })
    ).status,
  )
  note('session: the status', JSON.stringify(await first.status()))
  now += 850000
  note('session: a renewal', JSON.stringify(await first.token()))
  note('session: the record', disk.lingpai)
  const second = start()
  note('session: after a restart', JSON.stringify(await second.token()))
  let code
  await second.request({ url: 'https://evil.example/' }).catch((error) => (code = error.code))
  note('session: a strange address', code)
  disk.lingpai = disk.lingpai.replace('"scope":"read"', '"scope":"all!"')
  note('session: a record that was changed', (await start().token()).text === undefined)
  note('session: logins', logins)
  note('session: all that was sent', JSON.stringify(sent))
  note('session: its hash', hex(call(1, JSON.stringify(sent))))
}
