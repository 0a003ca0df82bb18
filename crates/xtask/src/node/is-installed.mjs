// Exits 0 if node_modules is what package-lock.json says. Run by xtask from the workspace's root.
import { readFileSync } from 'node:fs'

const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
const parse = (file) => JSON.parse(readFileSync(file, 'utf8'))
const wanted = Object.entries(parse('package-lock.json').packages)
const installed = parse('node_modules/.package-lock.json').packages

/** Whether a package of the workspace asks for nothing that the lockfile does not know. */
function isLocked(path, entry) {
  const manifest = parse(`${path || '.'}/package.json`)
  return groups.every((group) =>
    Object.entries(manifest[group] ?? {}).every(([name, range]) => entry[group]?.[name] === range),
  )
}

/** Whether a dependency lies there in its version; optional ones are for some platforms only. */
function isThere(path, entry) {
  const here = installed[path]
  if (!here) return Boolean(entry.optional)
  return here.version === entry.version && here.integrity === entry.integrity
}

const fresh = wanted.every(([path, entry]) =>
  /(^|\/)node_modules\//.test(path) ? isThere(path, entry) : isLocked(path, entry),
)
process.exitCode = fresh ? 0 : 1
