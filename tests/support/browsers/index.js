// Real browsers behind one small interface, so that each browser test is written once.
//
// launch(name) -> { name, version, open(url) -> page, close() }
// page         -> { evaluate(fn, ...args), frame(selector) -> { evaluate }, reload(), back(), go(url), click(selector), url(), console, close() }
// Functions given to `evaluate` run in the page: they see their arguments (JSON) and may be async.
import { existsSync } from 'node:fs'

import { launchChromium, launchFirefox } from './puppeteer.js'
import { launchMiniBrowser } from './minibrowser.js'
import { launchWebKit } from './webkit.js'

const WEBKIT = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser'

const browsers = {
  chromium: {
    launch: launchChromium,
    files: ['/usr/bin/chromium'],
    packages: 'chromium',
  },
  firefox: {
    launch: launchFirefox,
    files: ['/usr/bin/firefox-esr'],
    packages: 'firefox-esr',
  },
  webkit: {
    // The driver keeps no profile, and ends with any of the browser's processes; it alone clicks and types as people do.
    launch: (files, options) =>
      (options.profile ? launchMiniBrowser : launchWebKit)(files, options),
    files: ['/usr/bin/WebKitWebDriver', WEBKIT, '/usr/bin/Xvfb'],
    packages: 'webkit2gtk-driver libwebkit2gtk-4.1-0 xvfb xauth dbus',
  },
}

export const browserNames = Object.keys(browsers)

/** Starts a browser by name. Options: `hostRules`, names mapped to loopback (Chromium only). */
export function launch(name, options = {}) {
  const { launch, files, packages } = browsers[name]
  const missing = files.filter((file) => !existsSync(file))
  if (missing.length > 0) {
    throw new Error(`${missing.join(', ')} missing: apt-get install ${packages}`)
  }
  return launch(files, options)
}
