// Goal: the rules beside every figure are as strong as a minute's work makes them, and say exactly what they say.
// Method: a handful of flows a rule, counted by hand.
import { expect, test } from 'vitest'
import { AlarmLog, RULE_FLOWS_MIN, TRIVIAL_RULES } from '../../agent/evaluation/index.ts'
import { applyRule } from '../../agent/evaluation/trivial-rules.ts'
import { parsePrefix } from '../../agent/kit/index.ts'
import { flow } from './fixtures.ts'

const HOME = [parsePrefix('203.0.113.0/24')!]
const rule = (name: string) => TRIVIAL_RULES.find((each) => each.name === name)!

test('direction calls flows from outside the home network to inside, and private addresses are home where none is named', () => {
  const flows = [
    flow({ source: '198.51.100.1', destination: '203.0.113.5' }), flow({ source: '203.0.113.5', destination: '198.51.100.1' }),
    flow({ source: '198.51.100.1', destination: '10.0.0.5' }), flow({ source: '203.0.113.5', destination: '203.0.113.6' }),
  ]
  expect([...applyRule(rule('direction'), flows, HOME).scores]).toEqual([1, 0, 0, 0])
  expect([...applyRule(rule('direction'), flows, []).scores]).toEqual([0, 0, 1, 0])
})

test('only what asked for a connection is a SYN without answer, whatever got no packet back is no answer', () => {
  const flows = [flow({ isAnswered: false }), flow(), flow({ isAnswered: false, hasSyn: false })]
  expect([...applyRule(rule('SYN without answer'), flows, HOME).scores]).toEqual([1, 0, 0])
  expect([...applyRule(rule('no answer'), flows, HOME).scores]).toEqual([1, 0, 1])
})

test('a port of the list is one whoever answers', () => {
  const flows = [22, 443, 3389].map((destinationPort) => flow({ destinationPort }))
  expect([...applyRule(rule('port list'), flows, HOME).scores]).toEqual([1, 0, 1])
})

test('a host is named at its tenth flow in order of time, and nobody for nine', () => {
  const flows = Array.from({ length: RULE_FLOWS_MIN }, (_, index) => flow({ isAnswered: false, startMs: 100 * (RULE_FLOWS_MIN - index) }))
  const others = Array.from({ length: RULE_FLOWS_MIN - 1 }, () => flow({ isAnswered: false, source: '10.0.0.9' }))
  expect(applyRule(rule('no answer'), [...flows, ...others], HOME).alarms).toEqual([{ address: '10.0.0.5', atMs: 1_000 }])
})

test('who goes on is named again after ten seconds, not before', () => {
  const log = new AlarmLog()
  for (const atMs of [0, 9_999, 10_000, 15_000, 20_000]) log.add('10.0.0.5', atMs)
  log.add('10.0.0.6', 20_001)
  expect(log.alarms().map(({ atMs }) => atMs)).toEqual([0, 10_000, 20_000, 20_001])
})
