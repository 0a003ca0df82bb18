// What a service does with @lingpai/h5/tokenizer while its vault is away; runs unchanged in every runtime.
import { createMemoryStore, createTokenizer } from '@lingpai/h5/tokenizer'
import * as data from './data.js'

export async function check() {
  const { issuer, keys } = data
  const authorization = { fetch: () => Promise.reject(new TypeError('away')) }
  const store = createMemoryStore()
  const options = { authorization, gateway: issuer, issuer, keys, store }
  const tokenizer = await createTokenizer(options)
  const refusal = await tokenizer
    .tokenize('13800138000', { field: 'phone' })
    .catch((error) => error)
  const { pending, durable } = tokenizer.status
  await tokenizer.close()
  return { refusal: refusal.code, pending, durable }
}
