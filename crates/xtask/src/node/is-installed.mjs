// Exits 0 if node_modules is what package-lock.json says. Run by xtask from the workspace's root.
import { readFileSync } from 'node:fs'

const read = (file) => JSON.parse(readFileSync(file, 'utf8')).packages
const wanted = read('package-lock.json')
const installed = read('node_modules/.package-lock.json')
const sameHere = (list, value) => !list || list.includes(value)

for (const [path, entry] of Object.entries(wanted)) {
  if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) {
    const manifest = JSON.parse(readFileSync(`${path || '.'}/package.json`, 'utf8'))
    for (const group of [
      'dependencies',
      'devDependencies',
      'optionalDependencies',
      'peerDependencies',
    ]) {
      const names = (object) => JSON.stringify(Object.entries(object?.[group] ?? {}).sort())
      if (names(manifest) !== names(entry)) process.exit(1)
    }
    continue
  }
  const here = installed[path]
  const otherPlatform =
    entry.optional && !(sameHere(entry.os, process.platform) && sameHere(entry.cpu, process.arch))
  if (
    !here
      ? !(otherPlatform || entry.optional)
      : here.version !== entry.version || here.integrity !== entry.integrity
  )
    process.exit(1)
}
