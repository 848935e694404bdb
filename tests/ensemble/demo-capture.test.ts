// Goal: on real traffic, an attack is named while it lasts and not again afterwards, and nobody else is.
// Method: the demo capture through the whole pipeline without models, so that training cannot move the outcome.
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { openCaptureFiles } from '../../agent/capture/native-source.ts'
import { ThreatDetector, UNTRAINED_FUSION } from '../../agent/ensemble/index.ts'
import type { Posterior } from '../../agent/ensemble/index.ts'
import { FeatureExtractor } from '../../agent/features/index.ts'
import { eventLayout } from '../../native/index.js'

const CAPTURE = path.resolve(import.meta.dirname, '../fixtures/demo/gateway.pcap.gz')
const SCAN_ENDS_MS = Date.parse('2026-11-23T19:13:08.044Z')
const GUESSING_ENDS_MS = Date.parse('2026-11-23T19:14:49.801Z')
const TRIAL_TIMEOUT_MS = 3_000

let likely: readonly Posterior[] = []

beforeAll(async () => {
  const detector = new ThreatDetector({ layout: eventLayout, parameters: UNTRAINED_FUSION, modelVersion: 'none' })
  const extractor = new FeatureExtractor(eventLayout)
  const source = openCaptureFiles([CAPTURE])
  const posteriors: Posterior[] = []
  try {
    for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
      posteriors.push(...detector.judge({ batch, rows: extractor.extract(batch) }))
    }
  } finally {
    await source.close()
  }
  likely = posteriors.filter(({ logOdds }) => logOdds > 0)
})

test('the scanner and the password guesser are named, and nobody else', () => {
  const named = new Set(likely.map(({ entity, category }) => `${entity.value} ${category}`))
  expect(named).toEqual(new Set(['10.8.0.20 scan', '203.0.113.77 bruteforce']))
})

test('a scan is not reported again once it has ended, whatever its source does then', () => {
  const times = likely.filter(({ category }) => category === 'scan').map(({ observedAtMs }) => observedAtMs)
  expect(Math.max(...times)).toBeLessThan(SCAN_ENDS_MS + TRIAL_TIMEOUT_MS)
})

test('guessing that goes on is reported as long as it lasts', () => {
  const times = likely.filter(({ category }) => category === 'bruteforce').map(({ observedAtMs }) => observedAtMs)
  expect(Math.max(...times)).toBeGreaterThan(GUESSING_ENDS_MS - 20_000)
  expect(Math.max(...times)).toBeLessThan(GUESSING_ENDS_MS + TRIAL_TIMEOUT_MS)
})
