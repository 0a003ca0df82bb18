// A page that stands still: in the background of a phone, in a laptop that sleeps.
import { contentProcess } from './content_process.js'

// A process that was stopped outlives its browser's end.
const stopped = new Set()
process.on('exit', () => stopped.forEach(end))

/**
 * Freezes a page; `thaw()` lets it go on. No task of the page runs in between, and Firefox opens no other page.
 * `known`: processes that were found before, page -> id.
 */
export async function freeze(browser, page, known = new Map()) {
  if (browser.name === 'chromium') {
    const devtools = await page.devtools()
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    return {
      async thaw() {
        await devtools.send('Page.setWebLifecycleState', { state: 'active' })
        await devtools.detach()
      },
    }
  }
  const pid = known.get(page) ?? (await contentProcess(browser, page))
  known.set(page, pid)
  process.kill(pid, 'SIGSTOP')
  stopped.add(pid)
  return {
    async thaw() {
      process.kill(pid, 'SIGCONT')
      stopped.delete(pid)
    },
  }
}

function end(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
