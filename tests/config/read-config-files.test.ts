import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { ConfigError, defaultPaths, readConfig } from '../../agent/config/index.ts'

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

test('conf.d is read after the file, in the order of names, and only *.yaml of it', () => {
  const { file, part } = temporary('meter: {flowsMax: 2000}')
  part('20-b.yaml', 'meter: {hostsMax: 5000}')
  part('10-a.yaml', 'meter: {hostsMax: 4000, pairsMax: 6000}')
  part('README', 'not yaml: [')
  part('.hidden.yaml', 'mode: [')
  const { config, files } = readConfig('/srv', file)
  expect(config.meter).toMatchObject({ flowsMax: 2_000, hostsMax: 5_000, pairsMax: 6_000 })
  expect(files.map((each) => path.basename(each))).toEqual(['agent.yaml', '10-a.yaml', '20-b.yaml'])
})

test('errors of all files are one failure with the code for exit 5', () => {
  const { file, part } = temporary('mode: x')
  part('a.yaml', 'home: 1')
  const failure = failureOf(() => readConfig('/srv', file))
  expect(failure).toBeInstanceOf(ConfigError)
  expect(failure).toMatchObject({ code: 'CONFIG_INVALID', problem: { problems: [{ key: 'mode' }, { key: 'home' }] } })
  expect(failure.message.split('\n')).toHaveLength(2)
})

test.each<[string, (file: string) => void, RegExp]>([
  ['is missing', (file) => rmSync(file), /agent\.yaml: cannot be read: there is no such file/],
  ['is a folder', (file) => [rmSync(file), mkdirSync(file)], /it is no regular file/],
  ['is not text', (file) => writeFileSync(file, Uint8Array.of(0x6d, 0xff, 0xfe)), /it is not UTF-8 text/],
  ['is huge', (file) => writeFileSync(file, ' '.repeat(5_000_000)), /it is larger than/],
])('a file that %s is named with the reason', (_, spoil, message) => {
  const { file } = temporary('mode: off')
  spoil(file)
  const failure = failureOf(() => readConfig('/srv', file))
  expect(failure).toMatchObject({ code: 'CONFIG_UNREADABLE' })
  expect(failure.message).toMatch(message)
})

test('a file without permission is named with the reason', () => {
  // root may read everything: the rule can only be seen by others.
  if (process.getuid?.() === 0) return
  const { file } = temporary('mode: off')
  chmodSync(file, 0)
  expect(failureOf(() => readConfig('/srv', file)).message).toMatch(/permission denied/)
})

test('paths default to the checkout, and to the system for a configuration below /etc/phantommesh', () => {
  expect(defaultPaths('/tmp/agent.yaml', '/srv')).toMatchObject({ state: '/srv/.phantommesh/state', models: '/srv/models' })
  expect(defaultPaths(undefined, '/srv').socket).toBe('/srv/.phantommesh/agent.sock')
  expect(defaultPaths('/etc/phantommesh/agent.yaml', '/srv')).toEqual({
    state: '/var/lib/phantommesh', socket: '/run/phantommesh/agent.sock', events: '/var/log/phantommesh/eve.json',
    enforcerSocket: '/run/phantommesh/enforcer.sock', nodeKey: '/var/lib/phantommesh/node-key.pem', models: '/srv/models',
  })
  expect(defaultPaths('/etc/phantommesh-old/agent.yaml', '/srv').state).toBe('/srv/.phantommesh/state')
})

function temporary(text: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'pm-config-'))
  folders.push(folder)
  const file = path.join(folder, 'agent.yaml')
  writeFileSync(file, text)
  const part = (name: string, content: string): void => {
    mkdirSync(path.join(folder, 'conf.d'), { recursive: true })
    writeFileSync(path.join(folder, 'conf.d', name), content)
  }
  return { file, part }
}

function failureOf(action: () => unknown): Error {
  try {
    action()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('It did not fail.')
}
