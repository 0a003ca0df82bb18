// The page's side of a bound launch over postMessage: asks the app that frames it for an access token.
import { LingpaiError } from './errors.js'
import { isLaunchAnswer, type LaunchRequest } from './messages.js'

const repeatAfterMs = 300

/** Asks the app, repeating the question until the app listens. */
export function requestFromApp(
  thumbprint: string,
  { appOrigins, timeoutMs = 10_000 }: { appOrigins: readonly string[]; timeoutMs?: number },
  signal: AbortSignal,
): Promise<string> {
  const app = globalThis.parent as Window | undefined
  if (!app || app === globalThis.window) {
    return Promise.reject(
      new LingpaiError('launch_missing', { message: 'no app frames this page' }),
    )
  }
  const ancestor = globalThis.location.ancestorOrigins?.[0]
  const targets = ancestor ? appOrigins.filter((origin) => origin === ancestor) : appOrigins
  const id = crypto.getRandomValues(new Uint32Array(4)).join('-')
  const request: LaunchRequest = { type: 'lingpai:launch-request', id, thumbprint }
  const ask = () => targets.forEach((origin) => app.postMessage(request, origin))

  return new Promise<string>((resolve, reject) => {
    const settle = (done: () => void) => {
      clearInterval(repeating)
      clearTimeout(expiring)
      removeEventListener('message', listener)
      signal.removeEventListener('abort', aborted)
      done()
    }
    const listener = ({ source, origin, data }: MessageEvent) => {
      if (source !== app || !appOrigins.includes(origin) || !isLaunchAnswer(data, id)) return
      const { accessToken } = data
      if (typeof accessToken === 'string') settle(() => resolve(accessToken))
      else settle(() => reject(new LingpaiError('access_denied', { message: 'the app declined' })))
    }
    const aborted = () => settle(() => reject(signal.reason))
    const silent = () =>
      settle(() =>
        reject(new LingpaiError('launch_missing', { message: 'the app did not answer' })),
      )
    const repeating = setInterval(ask, repeatAfterMs)
    const expiring = setTimeout(silent, timeoutMs)
    addEventListener('message', listener)
    signal.addEventListener('abort', aborted, { once: true })
    if (signal.aborted) aborted()
    else ask()
  })
}
