// What a page with a transport and data of its own does with @lingpai/h5; runs unchanged in every runtime.
import { openVisit, sealVisit } from '@lingpai/h5'
import { openStore } from '@lingpai/h5/store'
import * as data from './data.js'

export async function check() {
  const { issuer, keys, accessToken } = data
  const { request, open } = await sealVisit({ accessToken, issuer, keys })
  const refusal = await open(data.answerToAnother).catch((error) => error)
  const store = await openStore({ name: 'check' })
  const put = [{ key: 'row', value: 'kept' }]
  const { durability } = await store.write({ put, durability: 'relaxed' })
  const [row] = await store.read(['row'])
  await store.close()
  return {
    request,
    refusal: refusal.code,
    openVisit: typeof openVisit,
    store: { durability, value: row.value },
  }
}
