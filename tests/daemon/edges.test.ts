// Goal: the daemon's small edges do what their words say: event output, metrics over loopback, systemd's notifications, signals.
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { EventBroadcast } from '../../agent/control/event-broadcast.ts'
import { EventOutput } from '../../agent/daemon/event-output.ts'
import { onSignals, serviceNotifier } from '../../agent/daemon/lifecycle.ts'
import { openMetricsServer } from '../../agent/daemon/metrics-server.ts'
import { summarise } from '../../agent/daemon/summary.ts'
import { systemClock } from '../../agent/daemon/system-clock.ts'
import { systemRandom } from '../../agent/daemon/system-random.ts'
import type { EveEvent, EventType } from '../../agent/telemetry/index.ts'

test('the log takes the configured types, followers see all, and each event is formatted once', async () => {
  const { output, written, broadcast, formatted } = outputs(['alert'])
  output.emit('alert', event('alert'))
  output.emit('stats', event('stats'))
  expect(written).toEqual(['{"timestamp":"","event_type":"alert"}'])
  expect(await broadcast.subscribe({ type: [], last: 9, follow: false })!.next()).toHaveLength(2)
  expect(formatted).toEqual(['alert', 'stats'])

  function event(type: EventType): () => EveEvent {
    return () => {
      formatted.push(type)
      return { timestamp: '', event_type: type }
    }
  }
})

test('an event that nobody wants is not even formatted', () => {
  const { output, written } = outputs([])
  output.emit('flow', () => { throw new Error('formatted') })
  expect(written).toEqual([])
})

test('metrics are served at /metrics and nowhere else, to GET and nothing else', async () => {
  const server = await openMetricsServer('127.0.0.1:0', async () => 'phantommesh_up 1\n')
  const url = `http://127.0.0.1:${server.port}`
  const answer = await fetch(`${url}/metrics?x=1`)
  expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual(
    [200, 'text/plain; version=0.0.4; charset=utf-8', 'phantommesh_up 1\n'])
  expect((await fetch(`${url}/`)).status).toBe(404)
  expect((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status).toBe(404)
  await server.close()
})

test('metrics that cannot be read answer 500; the server goes on', async () => {
  const server = await openMetricsServer('[::1]:0', async () => { throw new Error('no') })
  expect((await fetch(`http://[::1]:${server.port}/metrics`)).status).toBe(500)
  expect((await fetch(`http://[::1]:${server.port}/metrics`)).status).toBe(500)
  await server.close()
})

test('a connection left open does not keep the server from closing', async () => {
  const server = await openMetricsServer('127.0.0.1:0', async () => '')
  const idle = connect(server.port, '127.0.0.1')
  await new Promise<void>((resolve) => { idle.once('connect', () => resolve()) })
  const gone = new Promise<boolean>((resolve) => { idle.once('close', resolve).resume() })
  await server.close()
  expect(await gone).toBe(false)
})

test('a port in use is named with the setting', async () => {
  const server = await openMetricsServer('127.0.0.1:0', async () => '')
  await expect(openMetricsServer(`127.0.0.1:${server.port}`, async () => '')).rejects.toThrow(
    `metrics.listen: cannot listen on 127.0.0.1:${server.port}: EADDRINUSE`)
  await server.close()
})

test('the watchdog is fed at a third of its time; without systemd there is none and nothing is told', () => {
  expect(serviceNotifier({ NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '30000000' }).watchdogMs).toBe(10_000)
  expect(serviceNotifier({ NOTIFY_SOCKET: '/run/x' }).watchdogMs).toBeUndefined()
  expect(serviceNotifier({ WATCHDOG_USEC: '30000000' }).watchdogMs).toBeUndefined()
  serviceNotifier({}).notify('READY=1')
})

test('handlers of signals are put in and taken away again', () => {
  const before = ['SIGTERM', 'SIGINT', 'SIGHUP'].map((signal) => process.listenerCount(signal))
  const heard: string[] = []
  const remove = onSignals({ stop: () => { heard.push('stop') }, reopen: () => { heard.push('reopen') } })
  process.emit('SIGHUP')
  process.emit('SIGTERM')
  remove()
  expect(heard).toEqual(['reopen', 'stop'])
  expect(['SIGTERM', 'SIGINT', 'SIGHUP'].map((signal) => process.listenerCount(signal))).toEqual(before)
})

test('a summary takes its counts from the meter and its time from the caller', () => {
  const counters = {
    packets: 9, octets: 900, flows: 3, activeFlows: 0, hosts: 1, pairs: 1, interfaces: [], undecoded: {}, dropped: {},
    events: { received: 5, scored: 3, shed: 2, pending: 0 },
  }
  const { cpuSeconds, ...rest } = summarise({ counters, alerts: 2, decisions: 1, elapsedMs: 1_500 })
  expect(rest).toEqual({ packets: 9, flows: 3, events: { received: 5, scored: 3, shed: 2 }, alerts: 2, decisions: 1, seconds: 1.5 })
  expect(cpuSeconds).toBeGreaterThan(0)
})

test('the machine\'s clock goes on, its timers fire or are cancelled, and chance stays within [0, 1)', async () => {
  const before = systemClock.monotonicMs()
  const cancelled = systemClock.after(0, () => { throw new Error('it was cancelled') })
  cancelled()
  await new Promise<void>((resolve) => { systemClock.after(1, resolve) })
  expect(systemClock.monotonicMs()).toBeGreaterThan(before)
  expect(Math.abs(systemClock.wallMs() - Date.now())).toBeLessThan(50)
  const chance = systemRandom.uniform()
  expect(chance >= 0 && chance < 1).toBe(true)
})

function outputs(types: readonly string[]) {
  const written: string[] = []
  const formatted: string[] = []
  const broadcast = new EventBroadcast()
  const writer = { write: (line: string) => written.push(line) > 0 }
  return { written, formatted, broadcast, output: new EventOutput({ writer, writtenTypes: new Set(types), broadcast }) }
}
