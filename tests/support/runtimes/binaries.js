// The native binaries of Deno and Bun, which come as platform packages; asked directly, because install scripts may be off.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** Path of Deno's binary. */
export function denoBinary() {
  return inPackage(`@deno/linux-${process.arch}-glibc`, 'deno')
}

/** Path of Bun's binary. Its install script, where it may run, moves it out of the platform package. */
export function bunBinary() {
  const platform = `@oven/bun-linux-${process.arch.replace('arm64', 'aarch64')}`
  const candidates = [inPackage(platform, 'bin/bun'), inPackage('bun', 'bin/bun.exe')]
  return candidates.find((path) => existsSync(path))
}

function inPackage(name, path) {
  return join(dirname(require.resolve(`${name}/package.json`)), path)
}
