// Node, Deno and Bun: a child process that reads one call per line and answers with one line.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { bunBinary, denoBinary } from './binaries.js'
import { bundle } from './bundle.js'

const CALL_TIMEOUT_MS = 180_000

const commands = {
  node: (file) => [process.execPath, [file]],
  deno: (file) => [denoBinary(), ['run', '--no-prompt', file]],
  bun: (file) => [bunBinary(), [file]],
}

export async function startAsProcess(name, module) {
  const { directory, remove } = await bundle(
    'main.mjs',
    `import { createInterface } from 'node:readline'
     import process from 'node:process'
     import * as module from ${JSON.stringify(module)}
     const versions = process.versions
     console.log(JSON.stringify({ value: versions.bun ?? versions.deno ?? versions.node }))
     for await (const line of createInterface({ input: process.stdin })) {
       const [name, ...args] = JSON.parse(line)
       try {
         console.log(JSON.stringify({ value: await module[name](...args) }))
       } catch (error) {
         console.log(JSON.stringify({ error: String(error?.stack ?? error) }))
       }
     }
     process.exit(0)`,
    { conditions: ['import', 'module'] },
  )
  const [command, args] = commands[name](join(directory, 'main.mjs'))
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' }
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  let errors = ''
  let waiting
  child.stderr.on('data', (data) => (errors += data))
  child.on('error', (error) => waiting?.reject(error))
  child.on('close', (code, signal) =>
    waiting?.reject(new Error(`${name} ended with ${signal ?? code}\n${errors}`)),
  )
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => waiting?.resolve(line))

  async function answer() {
    let timer
    const line = await new Promise((resolve, reject) => {
      waiting = { resolve, reject }
      const late = () => reject(new Error(`${name} did not answer\n${errors}`))
      timer = setTimeout(late, CALL_TIMEOUT_MS)
    }).finally(() => {
      clearTimeout(timer)
      waiting = undefined
    })
    const { value, error } = JSON.parse(line)
    if (error !== undefined) throw new Error(`${name}: ${error}`)
    return value
  }

  async function stop() {
    process.removeListener('exit', onExit)
    if (child.exitCode === null && child.signalCode === null) {
      const closed = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGKILL')
      await closed
    }
    remove()
  }

  try {
    const version = await answer()
    return {
      name,
      version: `${{ node: 'Node', deno: 'Deno', bun: 'Bun' }[name]} ${version}`,
      call(...call) {
        const answered = answer()
        child.stdin.write(`${JSON.stringify(call)}\n`)
        return answered
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
