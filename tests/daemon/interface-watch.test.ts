// Goal: each change of an interface is said once, in a line that names it; and which missing ones keep the agent from being ready.
import { expect, test } from 'vitest'
import type { CapturedInterface, MeterCounters } from '../../agent/capture/index.ts'
import { interfaceTask, missingInterfaces } from '../../agent/daemon/interface-watch.ts'
import { InnerInterfaces } from '../../agent/daemon/live-source.ts'
import { defaultConfig } from '../../agent/config/index.ts'
import { silentLogger } from '../../agent/kit/index.ts'

const WG0: CapturedInterface = {
  name: 'wg0', kernelName: 'wg0', source: 0, isOpen: true, timesLost: 0, packets: 1, dropped: 0, mergedPackets: 0,
}
const GONE = { ...WG0, kernelName: '', isOpen: false, timesLost: 1 }
const LOST = 'warn An interface is gone; it is watched again when it is back'
const RENAMED = 'info An interface has another name, and is watched on under that of the configuration'
const CAME = 'info An interface has come and is watched'
const BACK = 'info An interface is watched again'

test.each([
  { what: 'nothing happened', before: [WG0], after: [{ ...WG0, packets: 9 }], said: [] },
  { what: 'gone', before: [WG0], after: [GONE], said: [LOST] },
  { what: 'still gone', before: [GONE], after: [GONE], said: [] },
  { what: 'back', before: [GONE], after: [{ ...WG0, timesLost: 1 }], said: [BACK] },
  { what: 'gone and back between two looks', before: [WG0], after: [{ ...WG0, timesLost: 1 }], said: [LOST, BACK] },
  { what: 'an optional one came', before: [{ ...GONE, timesLost: 0 }], after: [WG0], said: [BACK] },
  { what: 'renamed', before: [WG0], after: [{ ...WG0, kernelName: 'wg9' }], said: [RENAMED] },
  { what: 'added', before: [WG0], after: [WG0, { ...WG0, name: 'tun0', kernelName: 'tun0' }], said: [CAME] },
])('$what', ({ before, after, said }) => {
  const lines = watched([{ interfaces: before, dropped: {} }, { interfaces: after, dropped: {} }])
  expect(lines).toEqual(said)
})

test('no room for one of a pattern is said when it happens', () => {
  const at = (interfaceOverLimit: number) => ({ interfaces: [], dropped: { interfaceOverLimit } })
  expect(watched([at(0), at(2), at(2)])).toEqual([
    'warn Interfaces match a pattern, but there is no room for them; they are not watched',
  ])
})

test('missing: what must be there, not what may come and go', () => {
  const configured = [
    { name: 'wg0', side: 'inner', optional: false }, { name: 'wg1', side: 'inner', optional: true },
    { name: 'tun*', side: 'outer', optional: false },
  ] as const
  const states = [GONE, { ...GONE, name: 'wg1', source: 1 }, { ...GONE, name: 'tun3', source: 2 }]
  expect(missingInterfaces([...configured], states)).toEqual(['wg0'])
})

test('the inner side grows with the interfaces of its patterns', () => {
  const { capture } = defaultConfig('/tmp')
  const inner = new InnerInterfaces({
    ...capture, interfaces: [{ name: 'eth0', side: 'outer', optional: false }, { name: 'wg*', side: 'inner', optional: false }],
  })
  const { indexes } = inner
  inner.refresh([{ name: 'eth0', source: 0 }])
  expect(indexes).toEqual([])
  inner.refresh([{ name: 'eth0', source: 0 }, { name: 'wg3', source: 1 }, { name: 'wg4', source: 1 }])
  expect(indexes).toEqual([1, 2])
})

function watched(looks: readonly Pick<MeterCounters, 'interfaces' | 'dropped'>[]): string[] {
  const lines: string[] = []
  let look = 0
  const logger = {
    ...silentLogger,
    info: (_data: object, words: string) => { lines.push(`info ${words}`) },
    warn: (_data: object, words: string) => { lines.push(`warn ${words}`) },
  }
  const task = interfaceTask(() => looks[look]!, logger)
  for (look = 1; look < looks.length; look++) void task.run()
  return lines
}
