// What platforms encrypt and sign for an app's server, made with Node's crypto.
import { createCipheriv, createHash, randomBytes } from 'node:crypto'

const nowSeconds = () => Math.floor(Date.now() / 1000)

/** `encryptedData` and `iv` of WeChat, QQ, Douyin and Kuaishou. */
export function encrypt(key, members, { appId, timestamp = nowSeconds() }) {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(key, 'base64'), iv)
  const text = JSON.stringify({ ...members, watermark: { timestamp, appid: appId } })
  const encryptedData = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return { encryptedData: encryptedData.toString('base64'), iv: iv.toString('base64') }
}

/** The same of Baidu: framed, padded to 32 bytes, AES-192. */
export function encryptBaidu(key, members, { appId }) {
  const content = Buffer.from(JSON.stringify(members))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  const frame = Buffer.concat([randomBytes(16), length, content, Buffer.from(appId)])
  const padding = 32 - (frame.length % 32)
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-192-cbc', Buffer.from(key, 'base64'), iv).setAutoPadding(false)
  const padded = Buffer.concat([frame, Buffer.alloc(padding, padding)])
  const encryptedData = Buffer.concat([cipher.update(padded), cipher.final()])
  return { encryptedData: encryptedData.toString('base64'), iv: iv.toString('base64') }
}

/** `rawData` and `signature`. */
export function sign(key, members) {
  const rawData = JSON.stringify(members)
  const signature = createHash('sha1').update(rawData).update(key).digest('hex')
  return { rawData, signature }
}
