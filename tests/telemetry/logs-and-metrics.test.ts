import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress } from '../../agent/kit/index.ts'
import { createMetrics, openLogger, readHealth } from '../../agent/telemetry/index.ts'
import { healthOf } from '../../agent/telemetry/proc-health.ts'
import { quantile } from '../../agent/telemetry/quantile.ts'
import { withoutAddresses } from '../../agent/telemetry/redact.ts'
import { VERDICT } from './records.ts'

test('addresses stay out of the log above debug, wherever they hide', () => {
  const { lines, logger } = log('debug')
  const data = { target: '192.0.2.7', list: ['2001:db8::1/64'], deep: { err: new Error('no route to 198.51.100.7') } }
  logger.info(data, 'Verdict enforced')
  logger.debug(data, 'Verdict enforced')
  logger.child({ source: '192.0.2.8' }).warn({}, 'Slow')
  expect(lines[0]).not.toMatch(/192\.0\.2|2001:db8|198\.51/)
  expect(lines[1]).toMatch(/192\.0\.2\.7/)
  expect(lines[2]).not.toMatch(/192\.0\.2/)
})

test('every spelling of an address is found, and what only resembles one stays', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.constantFrom(4, 6), (bytes, version) => {
    const address = formatAddress(bytes, version)
    fc.pre(!address.startsWith('127.') && !['0.0.0.0', '::', '::1'].includes(address))
    return withoutAddresses(`from ${address}, port`) === 'from [address], port'
  }))
  const harmless = 'at 12:30:45 on 127.0.0.1:9610 with 52:54:00:12:34:56, version 1.2.3'
  expect(withoutAddresses(harmless)).toBe(harmless)
})

test('keys stay out of the log at every level', () => {
  const { lines, logger } = log('trace')
  logger.trace({ privateKey: 'k1', peer: { presharedKey: 'k2' }, token: 'k3' }, 'x')
  expect(lines[0]).not.toMatch(/k1|k2|k3/)
})

test('lines below the level are not written, and journald gets a priority', () => {
  const { lines, logger } = log('warn', true)
  logger.info({}, 'no')
  logger.warn({ n: 1 }, 'yes')
  logger.error({ err: new TypeError('bad') }, 'worse')
  expect(lines.map((line) => line.slice(0, 3))).toEqual(['<4>', '<3>'])
  expect(JSON.parse(lines[1]!.slice(3))).toMatchObject({ level: 'error', msg: 'worse', err: { type: 'TypeError', message: 'bad' } })
})

test('running totals of others become counters, also when they start anew', async () => {
  const metrics = createMetrics()
  metrics.queue('events', { length: 3, dropped: 5 })
  metrics.queue('events', { length: 2, dropped: 7 })
  metrics.queue('events', { length: 2, dropped: 1 })
  metrics.verdict({ ...VERDICT, heldBackBy: ['mode'] })
  const text = await metrics.text()
  expect(text).toContain('phantommesh_queue_dropped_total{queue="events"} 8')
  expect(text).toContain('phantommesh_decision_verdicts_total{action="block",category="scan",simulated="false"} 1')
  expect(text).toContain('phantommesh_decision_held_back_total{reason="mode"} 1')
})

test('what the meter read inside of packets is counted by kind', async () => {
  const metrics = createMetrics()
  metrics.meter({
    packets: 10, octets: 1_000, flows: 3, activeFlows: 2, hosts: 4, pairs: 5, events: { received: 6, scored: 4, shed: 1, pending: 1 },
    undecoded: {}, dropped: { metadataFull: 2 }, interfaces: [], tunnelledPackets: 7, innerUndecoded: 3, metadata: { tlsHellos: 5 },
  })
  const text = await metrics.text()
  expect(text).toContain('phantommesh_meter_tunnelled_packets_total 7')
  expect(text).toContain('phantommesh_meter_metadata_total{kind="tlsHellos"} 5')
  expect(text).toContain('phantommesh_meter_oddities_total{kind="inner-undecoded"} 3')
  expect(text).toContain('phantommesh_meter_dropped_total{reason="metadataFull"} 2')
})

test('every metric of the agent says its subsystem and its unit', async () => {
  const types = (await createMetrics().text()).matchAll(/^# TYPE (phantommesh_\S+) (\S+)$/gm)
  const names = [...types].map(([, name, type]) => ({ name: name!, type }))
  expect(names.length).toBeGreaterThan(40)
  expect(names.filter(({ name, type }) => (type === 'counter') !== name.endsWith('_total'))).toEqual([])
  expect(names.filter(({ name, type }) => type === 'histogram' && !name.endsWith('_seconds'))).toEqual([])
})

test('the two latencies have buckets from 0.25 ms to 10 s, and percentiles once something was measured', async () => {
  const metrics = createMetrics()
  expect(await metrics.summary('decision')).toBeNull()
  for (let ms = 1; ms <= 100; ms++) metrics.decisionLatency(ms / 1_000)
  metrics.enforcementLatency(0.003)
  expect(await metrics.summary('decision')).toMatchObject({ count: 100, p50Ms: 50 })
  const text = await metrics.text()
  for (const metric of ['decision', 'enforcement']) {
    expect(text).toContain(`phantommesh_${metric}_latency_seconds_bucket{le="0.00025"}`)
    expect(text).toContain(`phantommesh_${metric}_latency_seconds_bucket{le="10"}`)
  }
})

test('a quantile is linear within its bucket, and never beyond the finite ones', () => {
  const buckets = [{ upTo: 1, count: 2 }, { upTo: 2, count: 4 }, { upTo: Infinity, count: 5 }]
  expect([0.2, 0.4, 0.6, 0.99].map((share) => quantile(share, buckets))).toEqual([0.5, 1, 1.5, 2])
  expect(quantile(0.5, [])).toBeNaN()
})

test('health is read from /proc, with the share of a core since the sample before', () => {
  const texts = {
    stat: `42 (phantomd (x) y) S ${'0 '.repeat(10)}150 50 ${'0 '.repeat(20)}`,
    statm: '9000 2500 100 1 0 1 0',
    loadavg: '1.50 1.00 0.50 1/100 42',
    meminfo: 'MemTotal: 100 kB\nMemAvailable:    2048 kB\n',
    openFiles: 12,
  }
  const machine = { cores: 2, pageBytes: 4_096, ticksPerSecond: 100 }
  const first = healthOf(texts, machine)
  expect(first).toEqual({
    cpuSeconds: 2, cpuRatio: 0, residentBytes: 10_240_000, openFiles: 12, loadRatio: 0.75, memoryAvailableBytes: 2_097_152,
  })
  const second = healthOf({ ...texts, stat: texts.stat.replace('150', '250') }, machine, { health: first, elapsedMs: 4_000 })
  expect(second.cpuRatio).toBe(0.25)
})

test('on Linux the process finds itself', () => {
  if (process.platform !== 'linux') return
  const health = readHealth(1)
  expect(health.residentBytes).toBeGreaterThan(1_000_000)
  expect(health.openFiles).toBeGreaterThan(2)
})

function log(level: 'trace' | 'debug' | 'warn', hasPriorityPrefix = false) {
  const lines: string[] = []
  return { lines, logger: openLogger({ level, hasPriorityPrefix, write: (line) => lines.push(line) }) }
}
