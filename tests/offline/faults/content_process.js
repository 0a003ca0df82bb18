// The process in which a browser runs a page, found by what it does: it is the one that works while the page does.
import { readdirSync, readFileSync } from 'node:fs'

/** The id of the process that runs `page`, a descendant of the browser `pid`. */
export async function contentProcess(browser, page) {
  // WebKitGTK's are no descendants of what started it.
  const family =
    browser.processes?.('WebKitWebProces') ?? descendants(browser.pid).filter(isForPages)
  const before = new Map(family.map((pid) => [pid, ticks(pid)]))
  await page.evaluate(() => {
    const end = performance.now() + 400
    while (performance.now() < end);
  })
  const worked = family.map((pid) => ({ pid, ticks: ticks(pid) - before.get(pid) }))
  return worked.sort((one, other) => other.ticks - one.ticks)[0].pid
}

/** Chromium says it in the command line, Firefox in the name. */
function isForPages(pid) {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8')
    return (
      /^(Web Content|Isolated Web)/.test(name) ||
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')
    )
  } catch {
    return false // ended meanwhile
  }
}

/** All processes below `root`. */
function descendants(root) {
  const parents = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => ({ pid: Number(entry), parent: Number(fields(entry)?.[1]) }))
  const family = [root]
  for (const pid of family) {
    for (const process of parents) if (process.parent === pid) family.push(process.pid)
  }
  return family.slice(1)
}

function ticks(pid) {
  const stat = fields(pid)
  return stat ? Number(stat[11]) + Number(stat[12]) : 0
}

/** /proc/<pid>/stat behind the name of the command; undefined once the process has ended. */
function fields(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')
  } catch {
    return undefined
  }
}
