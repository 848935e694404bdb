// Goal: what training sees is what a replay would see, with blame only where a label puts it.
// Method: the committed demo capture, whose labels were written by the script that made it.
import path from 'node:path'
import { expect, test } from 'vitest'
import { collectSamples } from '../../agent/daemon/collect-samples.ts'
import { readManifests } from '../../agent/evaluation/index.ts'
import type { LabelledCapture } from '../../agent/evaluation/index.ts'
import { LABEL } from '../../agent/learning/index.ts'
import { checkSamples } from '../../agent/learning/training-samples.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures')
const [demo] = readManifests([path.join(FIXTURES, 'demo/demo.yaml')])
const LIMITS = { rowsPerGroupMax: 200, seed: 1 }

test('the demo capture gives rows and sequences of both classes, all finite and within their bounds', async () => {
  const { samples, broken } = await collectSamples([demo!], LIMITS, () => {})
  checkSamples(samples)
  expect(broken).toEqual([])
  const count = (label: number): number => samples.labels.filter((each) => each === label).length
  expect(count(LABEL.benign)).toBeGreaterThan(200)
  expect(count(LABEL.attack)).toBeGreaterThan(200)
  expect(samples.sequences.lengths.some((length, row) => length > 0 && samples.labels[row] === LABEL.attack)).toBe(true)
  expect(samples.features.values.every(Number.isFinite)).toBe(true)
  expect(samples.sequences.lengths.every((length) => length >= 0 && length <= samples.sequences.steps)).toBe(true)
})

test('the same capture and seed give the same samples', async () => {
  const [first, second] = [await collectSamples([demo!], LIMITS, () => {}), await collectSamples([demo!], LIMITS, () => {})]
  expect(second).toEqual(first)
})

test('where only a victim is named, its sources are neither attack nor benign', async () => {
  const labels = demo!.labels.map((label) => ({ ...label, role: 'victim' as const }))
  const { samples } = await collectSamples([{ ...demo!, labels }], LIMITS, () => {})
  expect(samples.labels.includes(LABEL.attack)).toBe(false)
  expect(samples.labels.includes(LABEL.benign)).toBe(true)
})

test('captures in which only content tells are left out', async () => {
  const payload: LabelledCapture = { ...demo!, strength: 'payload' }
  const { samples } = await collectSamples([payload], LIMITS, () => {})
  expect(samples.captureList).toEqual([])
})

test('a file that is no capture is named and the others are used; one that cannot be read ends the training', async () => {
  const bad: LabelledCapture = { ...demo!, id: 'bad', file: path.join(FIXTURES, 'demo/demo.yaml') }
  const { samples, broken } = await collectSamples([bad, demo!], LIMITS, () => {})
  expect(broken.map(({ code }) => code)).toEqual(['CAPTURE_FILE_FORMAT_UNKNOWN'])
  expect(samples.labels.length).toBeGreaterThan(400)
  const absent: LabelledCapture = { ...demo!, file: path.join(FIXTURES, 'absent.pcap') }
  await expect(collectSamples([absent], LIMITS, () => {})).rejects.toThrow('absent.pcap')
})
