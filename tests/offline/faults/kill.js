// Ends that nobody announces.
import { contentProcess } from './content_process.js'

/** The whole browser ends at the next such moment of a write: `issued`, `request`, `complete` or `ack`. */
export function killAt(lab, browser, moment) {
  return lab.once(moment, () => browser.kill())
}

/** Finds a page's process and gives a function that ends it. */
export async function crashing(browser, page) {
  const pid = await contentProcess(browser, page)
  return () => process.kill(pid, 'SIGKILL')
}

/** Ends the process in which WebKit keeps the storage of all pages: their connections are lost, and those pages get no others. */
export function endStorage(browser) {
  for (const pid of browser.processes('WebKitNetworkPr')) process.kill(pid, 'SIGKILL')
}
