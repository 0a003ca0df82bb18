// Reads bodies that others send, bounded before anything is kept.
import { LingpaiError } from './error.js'

/** Reads a body as UTF-8, and no more of it than `limit` bytes. */
export async function limitedText(body: Request | Response, limit: number): Promise<string> {
  if (Number(body.headers.get('content-length') ?? 0) > limit) {
    await body.body?.cancel()
    throw new LingpaiError('limit_exceeded')
  }
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let text = ''
  let length = 0
  const reader = body.body?.getReader()
  if (!reader) return text
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    length += value.byteLength
    if (length > limit) {
      await reader.cancel()
      throw new LingpaiError('limit_exceeded')
    }
    text += decoder.decode(value, { stream: true })
  }
}
