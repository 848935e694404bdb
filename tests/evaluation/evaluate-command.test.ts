import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { evaluateManifests } from '../../agent/commands/evaluate.ts'
import type { Terminal } from '../../agent/commands/terminal.ts'
import type { EvaluationSubject } from '../../agent/evaluation/index.ts'
import { CodedError } from '../../agent/kit/index.ts'
import { replayed, subject } from './fixtures.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'pm-evaluate-'))
const manifest = path.join(folder, 'test.yaml')
writeFileSync(manifest, 'captures: [{id: a, file: a.pcap, source: s}]')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the report goes to the file, the table to standard output, and all is well: 0', async () => {
  const json = path.join(folder, 'report.json')
  const run = await evaluate({ manifest: [manifest], json }, subject())
  expect(run).toMatchObject({ exitCode: 0, err: '' })
  expect(run.out).toContain('entities, alert')
  const written: unknown = JSON.parse(readFileSync(json, 'utf8'))
  expect(written).toMatchObject({ modelHash: 'hash', thresholds: { flow: 0.5 }, captures: [{ id: 'a', inSample: false }] })
})

test('a capture that cannot be read: 1, with its name on standard error, and the report is written all the same', async () => {
  const json = path.join(folder, 'broken.json')
  const unreadable = new CodedError({ code: 'CAPTURE_FILE_UNREADABLE' }, 'a.pcap: not a capture')
  const run = await evaluate({ manifest: [manifest], json }, { ...subject(), replay: () => Promise.reject(unreadable) })
  expect(run).toMatchObject({ exitCode: 1, err: 'error: capture a: a.pcap: not a capture\n' })
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ captures: [{ error: 'a.pcap: not a capture' }] })
})

test('models are closed even when the replay breaks', async () => {
  const buggy = { ...subject(), replay: () => Promise.reject(new TypeError('bug')) }
  let closed = 0
  const open = async () => ({ ...buggy, close: async () => { closed += 1 } })
  await expect(evaluateManifests({ manifest: [manifest] }, open, captureTerminal().terminal)).rejects.toThrow('bug')
  expect(closed).toBe(1)
})

test('a manifest that is wrong is refused before any model is opened', async () => {
  const open = () => Promise.reject(new Error('opened'))
  const options = { manifest: [path.join(folder, 'none.yaml')] }
  await expect(evaluateManifests(options, open, captureTerminal().terminal)).rejects.toThrow('none.yaml')
})

test('a report that cannot be written names the file', async () => {
  await expect(evaluate({ manifest: [manifest], json: path.join(folder, 'no', 'where.json') }, subject())).rejects.toThrow('where.json')
})

test('the replay gets the absolute path and the labels', async () => {
  const asked: unknown[] = []
  await evaluate({ manifest: [manifest] }, { ...subject(), replay: async (file, options) => {
    asked.push(file, options.labels)
    return replayed()
  } })
  expect(asked).toEqual([path.join(folder, 'a.pcap'), []])
})

interface Run {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

async function evaluate(options: Parameters<typeof evaluateManifests>[0], of: EvaluationSubject): Promise<Run> {
  const { terminal, text } = captureTerminal()
  const exitCode = await evaluateManifests(options, async () => ({ ...of, close: async () => {} }), terminal)
  return { exitCode, ...text }
}

function captureTerminal(): { terminal: Terminal; text: { out: string; err: string } } {
  const text = { out: '', err: '' }
  const terminal: Terminal = {
    out: async (chunk) => { text.out += chunk },
    err: (chunk) => { text.err += chunk },
    width: 120, isColoured: false, progressWidth: 0,
  }
  return { terminal, text }
}
