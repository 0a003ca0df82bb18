// A virtual display for one browser: all that runs on it is that browser's, and nobody else is there.
import { readFileSync, readdirSync } from 'node:fs'

import { start } from '../processes.js'
import { until } from '../until.js'

/** Starts an X server. `name`: what its clients need in DISPLAY. */
export async function startDisplay(xvfb) {
  const screen = ['-displayfd', '1', '-screen', '0', '1280x900x24', '-nolisten', 'tcp']
  const server = await start(xvfb, screen, { ready: /^(\d+)\n/m })
  const name = `:${server.match[1]}`
  /** Processes of the display, all or those of that name, as the system abbreviates it. */
  const processes = (command) => clients(name, command)
  return {
    name,
    processes,
    /** Ends whatever still runs there, at once, and waits until it has ended. */
    async clear() {
      for (const pid of processes()) end(pid)
      await until('the display to be empty', () => processes().length === 0, { everyMs: 5 })
    },
    stop: () => server.stop(),
  }
}

function clients(display, command) {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => command === undefined || read(pid, 'comm').trim() === command)
    .filter((pid) => read(pid, 'environ').split('\0').includes(`DISPLAY=${display}`))
    .map(Number)
}

/** What the system says of a process; nothing once it has ended. */
function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

function end(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
