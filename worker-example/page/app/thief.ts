// Plays a thief that has the access token and nothing else: a frame of its own, which reports what it did.

import { hear, tell } from '../common/messages'
import { isStep, type Step } from '../common/step'

/** Resolves to the code with which the edge stopped it, or `granted`. */
export function sendThief(
  h5Url: string,
  accessToken: string,
  show: (step: Step) => void,
): Promise<string> {
  const url = new URL('thief', h5Url)
  const frame = document.createElement('iframe')
  frame.hidden = true
  frame.src = url.href
  return new Promise((resolve) => {
    hear<{ demo: string; step?: unknown; code?: string }>(url.origin, (message, from) => {
      if (from !== frame.contentWindow) return
      if (message.demo === 'thief-ready') tell(from, url.origin, { demo: 'stolen', accessToken })
      if (message.demo === 'step' && isStep(message.step)) show(message.step)
      if (message.demo === 'thief-done') {
        frame.remove()
        resolve(String(message.code))
      }
    })
    document.body.append(frame)
  })
}
