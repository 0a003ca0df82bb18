// Published vectors, each with where it stands. `expect` is hex unless it says otherwise.
'use strict'

const { fromHex: bytes } = require('./border.js')

/** For every build. */
const symmetric = [
  {
    name: 'SHA-256 of "abc" (FIPS 180-4)',
    call: [1, 'abc'],
    expect: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  },
  {
    name: 'SHA-256 of two blocks (FIPS 180-4)',
    call: [1, 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'],
    expect: '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  },
  {
    name: 'base64url (RFC 7515, C)',
    call: [6, bytes('03ecffe0c1')],
    expectText: 'A-z_4ME',
  },
  { name: 'base64url is read strictly', call: [7, 'A-z_4MF'], expectRefused: /^not_canonical/ },
]

/** For builds with the primitives by themselves. */
const primitives = [
  {
    name: 'HMAC-SHA-256 (RFC 4231, 4.2)',
    call: [2, bytes('0b'.repeat(20)), 'Hi There'],
    expect: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  {
    name: 'HMAC-SHA-256 (RFC 4231, 4.3)',
    call: [2, 'Jefe', 'what do ya want for nothing?'],
    expect: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    name: 'HMAC-SHA-256 with a key of 131 bytes (RFC 4231, 4.7)',
    call: [2, bytes('aa'.repeat(131)), 'Test Using Larger Than Block-Size Key - Hash Key First'],
    expect: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  },
  {
    name: 'HS256 (RFC 7515, A.1)',
    call: [
      2,
      bytes(
        '0323354b2b0fa5bc837e0665777ba68f5ab328e6f054c928a90f84b2d2502ebf' +
          'd3fb5a92d20647ef968ab4c377623d223d2e2172052e4f08c0cd9af567d080a3',
      ),
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.' +
        'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
    ],
    expect: '7418dfb49799e0254ffa607dd8adbbba16d4254d69d6bff05b58055853848d79',
  },
  {
    name: 'HKDF-SHA-256 (RFC 5869, A.1), the first 32 bytes',
    call: [
      3,
      bytes('0b'.repeat(22)),
      bytes('000102030405060708090a0b0c'),
      bytes('f0f1f2f3f4f5f6f7f8f9'),
    ],
    expect: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf',
  },
  {
    name: 'AES-256-GCM (McGrew and Viega, test case 16): sealed',
    call: [
      4,
      bytes('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'),
      bytes('cafebabefacedbaddecaf888'),
      bytes('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
      bytes(
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
          '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
      ),
    ],
    expect:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
      '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
      '76fc6ece0f4e1768cddf8853bb2d551b',
  },
  {
    name: 'AES-256-GCM: a flipped bit is refused',
    call: [
      5,
      bytes('00'.repeat(32)),
      bytes('00'.repeat(12)),
      bytes(''),
      bytes('530f8afbc74536b9a963b4f1c4cb738a'),
    ],
    expectRefused: /^decryption_failed/,
  },
  {
    name: 'AES-256-GCM (McGrew and Viega, test case 13): opened',
    call: [
      5,
      bytes('00'.repeat(32)),
      bytes('00'.repeat(12)),
      bytes(''),
      bytes('530f8afbc74536b9a963b4f1c4cb738b'),
    ],
    expect: '',
  },
]

const rfc8037 = {
  d: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
}

/** For builds with a proof key. */
const proofs = [
  {
    name: 'the thumbprint of an Ed25519 key (RFC 8037, A.3)',
    call: [21, bytes(rfc8037.d)],
    expectText: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  },
]

/** For the build that verifies. */
const verification = [
  {
    name: 'EdDSA (RFC 8037, A.5)',
    call: [
      35,
      '{"kty":"OKP","crv":"Ed25519","x":"' + rfc8037.x + '"}',
      'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.' +
        'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    ],
    expectText: 'Example of Ed25519 signing',
  },
  {
    name: 'EdDSA: another payload is refused',
    call: [
      35,
      '{"kty":"OKP","crv":"Ed25519","x":"' + rfc8037.x + '"}',
      'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmg.' +
        'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    ],
    expectRefused: /^signature_invalid/,
  },
]

module.exports = { primitives, proofs, symmetric, verification }
