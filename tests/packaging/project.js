// Packs the packages as a release would, and installs them into projects far from this repository.
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

import { encryptionKey, keySet, publicKey, signingKey } from '../support/jose_keys.js'
import {
  accessTokenClaims,
  nowSeconds,
  sealAnswer,
  sealRequest,
  sign,
} from '../support/jose_party.js'
import { at } from '../support/paths.js'
import { run } from '../support/processes.js'

const NPM_FLAGS = ['--no-audit', '--no-fund', '--loglevel=error']

/** Packs both packages. Returns name -> { tarball, files }. */
export async function pack() {
  const directory = mkdtempSync(join(tmpdir(), 'lingpai-pack-'))
  const args = ['pack', '--json', '--pack-destination', directory, at('npm/h5'), at('npm/edge')]
  const { stdout } = await run('npm', [...args, ...NPM_FLAGS], { cwd: directory })
  const packed = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/m)))).map((one) => ({
    name: one.name,
    tarball: join(directory, one.filename),
    files: one.files.map(({ path }) => path),
  }))
  return {
    packages: Object.fromEntries(packed.map((one) => [one.name, one])),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** A project that has the tarballs installed, the consumer's sources, and tokens to try. */
export async function createProject(packages) {
  const directory = mkdtempSync(join(tmpdir(), 'lingpai-consumer-'))
  cpSync(fileURLToPath(new URL('consumer', import.meta.url)), directory, { recursive: true })
  const { data, expected } = await tokens()
  const module = Object.entries(data).map(
    ([name, value]) => `export const ${name} = ${JSON.stringify(value)}\n`,
  )
  writeFileSync(join(directory, 'data.js'), module.join(''))
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const tarballs = Object.values(packages).map(({ tarball }) => tarball)
  await run('npm', ['install', ...NPM_FLAGS, '--ignore-scripts', ...tarballs], { cwd: directory })
  return {
    directory,
    expected,
    path: (...parts) => join(directory, ...parts),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** All files below a directory, as relative paths. */
export function filesIn(directory) {
  return readdirSync(directory, { recursive: true })
    .map((path) => join(directory, path))
    .filter((path) => statSync(path).isFile())
    .map((path) => relative(directory, path))
}

/** Tokens of an issuer that only these projects know. */
async function tokens() {
  const issuer = 'https://gate.example'
  const audience = 'https://api.example'
  const [signing, app, partnerKey] = await Promise.all([
    signingKey('sign'),
    encryptionKey('app'),
    signingKey('partner', 'P-256'),
  ])
  const iat = nowSeconds()
  const claims = { iss: issuer, aud: audience, sub: 'user', client_id: 'partner', scope: 'profile' }
  const token = await sign(
    'vt+jwt',
    { ...claims, jti: '1', sid: 'family', iat, exp: iat + 900 },
    signing,
  )
  const [head, , signature] = token.split('.')
  const forged = Buffer.from(
    JSON.stringify({ ...claims, sub: 'other', iat, exp: iat + 900 }),
  ).toString('base64url')
  const page = { issuer, audience, appKey: app, page: 'https://page.example' }
  const accessToken = await sign('lp-at+jwt', accessTokenClaims(page), signing)
  const another = await sealRequest({ content: { at: accessToken }, appKey: publicKey(app) })
  return {
    data: {
      issuer,
      audience,
      keys: keySet(signing),
      partnerKey,
      token,
      alteredToken: `${head}.${forged}.${signature}`,
      accessToken,
      answerToAnother: await sealAnswer(another, { now: iat }),
    },
    expected: { accessToken, app },
  }
}
