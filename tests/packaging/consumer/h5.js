// What a page with a transport of its own does with @lingpai/h5; runs unchanged in every runtime.
import { openVisit, sealVisit } from '@lingpai/h5'
import * as data from './data.js'

export async function check() {
  const { issuer, keys, accessToken } = data
  const { request, open } = await sealVisit({ accessToken, issuer, keys })
  const refusal = await open(data.answerToAnother).catch((error) => error)
  return { request, refusal: refusal.code, openVisit: typeof openVisit }
}
