// One listener of the platform for all operations: they come and go, and listeners of some platforms stay for ever.
import type { Host } from '../host'

/** What is told. */
export interface Watcher {
  hidden(): void
  shown(): void
}

const watched: { host: Host; watchers: Watcher[] }[] = []

/** Tells a watcher whenever the mini-program is hidden and shown, until the result is called. */
export function watch(host: Host, watcher: Watcher): () => void {
  const watchers = watchersOf(host)
  watchers.push(watcher)
  return () => {
    const at = watchers.indexOf(watcher)
    if (at >= 0) watchers.splice(at, 1)
  }
}

function watchersOf(host: Host): Watcher[] {
  const [known] = watched.filter((one) => one.host === host)
  if (known !== undefined) return known.watchers
  const watchers: Watcher[] = []
  watched.push({ host, watchers })
  const tell = (what: keyof Watcher) => () => watchers.slice().forEach((one) => one[what]())
  if (host.onHide !== undefined) host.onHide(tell('hidden'))
  if (host.onShow !== undefined) host.onShow(tell('shown'))
  return watchers
}
