// A page that stands still: in the background of a phone, in a laptop that sleeps.
import { contentProcess } from './content_process.js'

// A process that was stopped outlives its browser's end.
const stopped = new Set()
process.on('exit', () => stopped.forEach(end))

/** Freezes a page; `thaw()` lets it go on. No task of the page runs in between, and Firefox opens no other page. */
export async function freeze(browser, page) {
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
  const pid = await contentProcess(browser, page)
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
