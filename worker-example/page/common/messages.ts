// What the app and the page say to each other for the trace; the launch has messages of its own. Both sides name the exact origin that they speak to and check it.

import type { Language } from './language'
import type { Step } from './step'

/** From the page to the app. */
export type FromPage =
  { demo: 'ready' } | { demo: 'step'; step: Step } | { demo: 'thief-wanted' } | { demo: 'left' }

/** From the app to the page. */
export type FromApp =
  | { demo: 'language'; language: Language }
  | { demo: 'steps'; steps: readonly Step[] }
  /** Without a code there was nothing to steal. */
  | { demo: 'thief-result'; code?: string }
  /** The app is about to take the page away. */
  | { demo: 'leave' }

/** From the app to the thief's frame. */
export type ToThief = { demo: 'stolen'; accessToken: string }

/** Sends to one window at one origin. */
export function tell(target: Window, origin: string, message: FromPage | FromApp | ToThief): void {
  target.postMessage(message, origin)
}

/** Calls `listener` for messages from `origin`, whoever else talks to this window. */
export function hear<M extends { demo: string }>(
  origin: string,
  listener: (message: M, from: Window) => void,
): void {
  addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.origin !== origin || !event.source) return
    const message = event.data as M | null
    if (typeof message === 'object' && message !== null && typeof message.demo === 'string') {
      listener(message, event.source as Window)
    }
  })
}
