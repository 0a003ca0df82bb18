// Child processes with an end: what is started here is bounded in time and ends with the test run.
import { spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'

/** Runs a command to its end. Fails with the whole output if the status is not 0 or time runs out. */
export function run(command, args, { cwd, env, timeoutMs = 120_000, input } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env } })
    let output = ''
    let stdout = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    child.stdout.on('data', (data) => ((output += data), (stdout += data)))
    child.stderr.on('data', (data) => (output += data))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.on('error', (error) => (clearTimeout(timer), reject(error)))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) return resolve({ stdout, output })
      reject(new Error(`${command} ${args.join(' ')}: ${signal ?? `status ${code}`}\n${output}`))
    })
  })
}

/** Starts a long-running command and waits until `ready` matches its output, or resolves to true. */
export async function start(command, args, { cwd, env, ready, timeoutMs = 30_000 }) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' })
  const started = { child, output: '', stop: () => stop(child) }
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  child.once('close', () => process.removeListener('exit', onExit))
  let timer
  let poll
  try {
    started.match = await new Promise((resolve, reject) => {
      const fail = (why) =>
        reject(new Error(`${command} ${args.join(' ')}: ${why}\n${started.output}`))
      const hear = (data) => {
        started.output += data
        const match = ready instanceof RegExp && ready.exec(started.output)
        if (match) resolve(match)
      }
      const ask = async () => {
        if (await ready()) return resolve()
        poll = setTimeout(ask, 50)
      }
      timer = setTimeout(() => fail(`not ready after ${timeoutMs} ms`), timeoutMs)
      child.on('error', (error) => fail(error.message))
      child.on('exit', (code, signal) => fail(`ended with ${signal ?? code}`))
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      if (typeof ready === 'function') ask()
    })
    return started
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
    clearTimeout(poll)
  }
}

/** Ends a child: politely, then by force. */
async function stop(child, graceMs = 3_000) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await ended
  clearTimeout(timer)
}

/** Ids of this process's own children whose command name is `name`. */
export function childIds(name) {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
        const [, command, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(stat)
        return command === name && Number(parent) === process.pid
      } catch {
        return false // ended meanwhile
      }
    })
    .map(Number)
}

/** A loopback port that is free now: for servers whose address must be known before they start. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** Whether an HTTP server answers there, whatever it answers. */
export async function answers(url) {
  try {
    await fetch(url, { signal: AbortSignal.timeout(1_000) })
    return true
  } catch {
    return false
  }
}
