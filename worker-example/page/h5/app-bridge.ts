// The page's way to tell the app that opened it what happens: as its frame, or as the tab of its link.

import { hear, tell, type FromApp, type FromPage } from '../common/messages'

export interface AppBridge {
  framed: boolean
  say(message: FromPage): void
  on(listener: (message: FromApp) => void): void
}

export function appBridge(appOrigin: string): AppBridge {
  const framed = window.parent !== window
  const app = framed ? window.parent : (window.opener as Window | null)
  return {
    framed,
    say: (message) => {
      if (app) tell(app, appOrigin, message)
    },
    on: (listener) =>
      hear<FromApp>(appOrigin, (message, from) => {
        if (from === app) listener(message)
      }),
  }
}
