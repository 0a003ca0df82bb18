// The app's side of a bound launch: gives a framed page its access token. Needs no WebAssembly.
import { isLaunchRequest, type LaunchAnswer } from './messages.js'

/** What {@link answerLaunch} needs. */
export interface AnswerLaunchOptions {
  /** Origin of the page in the frame, exactly. Nobody else is answered. */
  pageOrigin: string
  /**
   * Asks your own back-end for an access token that is bound to the page's key. The back-end passes the thumbprint on as
   * `jkt` and opens what it gets.
   */
  accessToken(thumbprint: string): string | Promise<string>
  /** Ends the answering. */
  signal?: AbortSignal
}

/**
 * Answers the launch requests of the page in `frame`, as long as the frame is there. Call it before the page loads.
 *
 * @returns a function that ends the answering
 */
export function answerLaunch(frame: HTMLIFrameElement, options: AnswerLaunchOptions): () => void {
  const { pageOrigin, accessToken, signal } = options
  if (new URL(pageOrigin).origin !== pageOrigin) {
    throw new TypeError('pageOrigin: an origin such as https://h5.example')
  }
  const seen = new Set<string>()
  let stopped = signal?.aborted ?? false
  const listener = async ({ source, origin, data }: MessageEvent) => {
    if (origin !== pageOrigin || !source || source !== frame.contentWindow) return
    if (!isLaunchRequest(data) || seen.has(data.id)) return
    // The page repeats its request until it is heard; one token answers all of them.
    seen.add(data.id)
    const answer: LaunchAnswer = { type: 'lingpai:launch-answer', id: data.id }
    try {
      answer.accessToken = await accessToken(data.thumbprint)
    } catch (error) {
      globalThis.reportError?.(error)
    }
    if (!stopped) (source as Window).postMessage(answer, pageOrigin)
  }
  const stop = () => {
    stopped = true
    removeEventListener('message', listener)
  }
  if (!stopped) addEventListener('message', listener)
  signal?.addEventListener('abort', stop, { once: true })
  return stop
}
