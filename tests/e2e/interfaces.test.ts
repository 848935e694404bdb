// Goal: capture follows interfaces through everything that may become of them while it runs, and says so.
// Method: veth pairs in a namespace; after each change a datagram to a port of its own is sent until it is seen under the name
//         that it must be seen under. The daemon's words are looked for in its log, its status and its readiness.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MeterCounters } from '../../agent/capture/index.ts'
import { whyNoNodePcap } from '../../agent/capture/node-pcap-source.ts'
import { Namespaces, whyNoNamespaces } from './namespaces.ts'
import { DaemonHome, until, whyNoDaemon } from './running-daemon.ts'

const WATCHER = path.join(import.meta.dirname, 'watch-interfaces.ts')
const PATTERN_MAX = 16

const obstacle = whyNoNamespaces()
const noDaemon = obstacle || whyNoDaemon()
const BACKENDS = ['native', ...(whyNoNodePcap() === '' ? ['node-pcap'] : [])]

describe.skipIf(obstacle !== '')(`interfaces while running${obstacle === '' ? '' : ` (skipped: ${obstacle})`}`, () => {
  let net: Namespaces
  let watcher: Watcher | undefined
  beforeAll(() => {
    net = new Namespaces()
    net.add('gw')
    // An address of the link is usable at once, not after a second of duplicate address detection.
    net.run('gw', 'sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0')
  })
  afterAll(() => net.remove())
  afterEach(async () => {
    await watcher?.end()
    for (const name of names(net)) net.run('gw', 'ip', 'link', 'del', name)
  })

  describe.each(BACKENDS)('%s', (backend) => {
    const watch = async (...words: string[]): Promise<Watcher> => {
      watcher = await Watcher.start(net, [backend, ...words])
      return watcher
    }

    test('down and up: capture goes on', async () => {
      add(net, 'w0')
      const eyes = await watch('w0')
      await eyes.sees('w0', 'w0')
      net.run('gw', 'ip', 'link', 'set', 'w0', 'down')
      await eyes.hasLooked()
      up(net, 'w0')
      await eyes.sees('w0', 'w0')
      expect((await eyes.ask()).dropped['interfaceLost']).toBe(0)
    })

    test('removed and made anew under its name: opened again, and the loss is counted', async () => {
      add(net, 'w0')
      const eyes = await watch('w0')
      await eyes.sees('w0', 'w0')
      net.run('gw', 'ip', 'link', 'del', 'w0')
      await until('the loss is counted', async () => (await eyes.ask()).interfaces[0]!.timesLost === 1)
      expect((await eyes.ask()).interfaces).toMatchObject([{ name: 'w0', kernelName: '', isOpen: false }])
      add(net, 'w0')
      await eyes.sees('w0', 'w0')
      const { interfaces, dropped } = await eyes.ask()
      expect(interfaces).toMatchObject([{ name: 'w0', kernelName: 'w0', isOpen: true, timesLost: 1 }])
      expect(interfaces[0]!.packets).toBeGreaterThanOrEqual(2)
      expect(dropped['interfaceLost']).toBe(1)
    })

    test('an optional one and those of a pattern are watched when they come; others are not', async () => {
      add(net, 'x0')
      const eyes = await watch('x0', 'w0?', 'tun*')
      expect((await eyes.ask()).interfaces.map(({ name, isOpen }) => [name, isOpen])).toEqual([['x0', true], ['w0', false]])
      for (const name of ['w0', 'tun0', 'other0', 'tun1']) add(net, name)
      for (const name of ['w0', 'tun0', 'tun1', 'x0']) await eyes.sees(name, name)
      const { interfaces } = await eyes.ask()
      expect(interfaces.map(({ name, source }) => [name, source])).toEqual([['x0', 0], ['w0', 1], ['tun0', 2], ['tun1', 2]])
    })

    test('more than sixteen of a pattern: those past it are counted, and a place that is free again is used', async () => {
      const eyes = await watch('tun*')
      for (let i = 0; i <= PATTERN_MAX; i++) add(net, `tun${i}`)
      await until('one is refused', async () => (await eyes.ask()).dropped['interfaceOverLimit'] === 1)
      const { interfaces } = await eyes.ask()
      expect(interfaces).toHaveLength(PATTERN_MAX)
      const refused = Array.from({ length: PATTERN_MAX + 1 }, (_, i) => `tun${i}`)
        .find((name) => interfaces.every((each) => each.name !== name))!
      net.run('gw', 'ip', 'link', 'del', interfaces[3]!.name)
      await eyes.sees(refused, refused)
      expect((await eyes.ask()).interfaces[3]).toMatchObject({ name: refused, source: 0, isOpen: true })
    })
  })

  test('native: renamed, it is captured on under its old name, until another takes that', async () => {
    add(net, 'w0')
    watcher = await Watcher.start(net, ['native', 'w0'])
    await watcher.sees('w0', 'w0')
    rename(net, 'w0', 'w9')
    await until('the new name is known', async () => (await watcher!.ask()).interfaces[0]!.kernelName === 'w9')
    await watcher.sees('w9', 'w0')
    expect((await watcher.ask()).dropped['interfaceLost']).toBe(0)
    add(net, 'w5')
    rename(net, 'w5', 'w0')
    await until('the newcomer is watched', async () => (await watcher!.ask()).interfaces[0]!.kernelName === 'w0')
    await watcher.sees('w0', 'w0')
  })

  test('native: a new name that is configured for itself takes the interface over', async () => {
    add(net, 'w0')
    watcher = await Watcher.start(net, ['native', 'w0', 'w1?'])
    await watcher.sees('w0', 'w0')
    rename(net, 'w0', 'w1')
    await watcher.sees('w1', 'w1')
    expect((await watcher.ask()).interfaces.map(({ isOpen }) => isOpen)).toEqual([false, true])
  })

  test.skipIf(noDaemon !== '')('the daemon says what became of each, and is not ready while one is gone', async () => {
    add(net, 'w0')
    const home = new DaemonHome(net, 'gw', { mode: 'observe', interfaces: ['w0', '{name: "tun*", side: inner}'] })
    const daemon = await home.start()
    const says = (words: string) => until(words, () => daemon.log().split('\n').some((line) => line.includes(words)))
    const isReady = (): boolean => home.ctl('status', '--check', 'ready').status === 0
    try {
      await until('it is ready', isReady)
      net.run('gw', 'ip', 'link', 'del', 'w0')
      const check = await until('it is not ready', () => {
        const ready = home.ctl('status', '--check', 'ready')
        return ready.status === 1 && ready
      })
      expect(check.stdout).toContain('w0')
      expect(home.ctl('status').stdout).toMatch(/w0 \(outer\).*GONE/s)
      await says('An interface is gone')
      add(net, 'w0')
      await until('it is ready again', isReady)
      await says('An interface is watched again')
      add(net, 'tun0')
      await says('An interface has come')
      expect(home.ctl('status').stdout).toMatch(/tun0 \(inner\)/)
      rename(net, 'w0', 'w9')
      await says('An interface has another name')
      expect(isReady()).toBe(true)
    } finally {
      await daemon.end('SIGTERM')
    }
  })

  test.skipIf(noDaemon !== '' || whyNoNodePcap() !== '')('the daemon on node-pcap sees packets, and ends when asked to', async () => {
    add(net, 'w0')
    const home = new DaemonHome(net, 'gw', { mode: 'observe', interfaces: ['w0'] })
    mkdirSync(path.join(home.folder, 'conf.d'))
    writeFileSync(path.join(home.folder, 'conf.d/backend.yaml'), 'capture: { backend: node-pcap }\n')
    const daemon = await home.start()
    await until('packets are counted', () => {
      send(net, 'w0', lastPort)
      return /"packets": ?[1-9]/.test(home.must('status'))
    })
    expect(await daemon.end('SIGTERM')).toBe(0)
  })
})

interface Answer extends Pick<MeterCounters, 'interfaces' | 'dropped'> {
  readonly seen: readonly string[]
}

let lastPort = 20_000

/** The program watch-interfaces.ts in the namespace. */
class Watcher {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #net: Namespaces

  private constructor(net: Namespaces, child: ChildProcess) {
    this.#net = net
    this.#child = child
    this.#lines = createInterface(child.stdout!)[Symbol.asyncIterator]()
  }

  /** Resolves when it captures. */
  static async start(net: Namespaces, words: readonly string[]): Promise<Watcher> {
    const command = ['netns', 'exec', net.name('gw'), process.execPath, WATCHER, ...words]
    const child = spawn('ip', command, { stdio: ['pipe', 'pipe', 'inherit'] })
    const watcher = new Watcher(net, child)
    await watcher.ask()
    return watcher
  }

  async ask(): Promise<Answer> {
    this.#child.stdin!.write('?\n')
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the watcher has ended')
    return JSON.parse(value)
  }

  /** Sends through `device` until it is seen on the interface that is called `name`. */
  async sees(device: string, name: string): Promise<void> {
    lastPort += 1
    const what = `${name} ${lastPort}`
    await until(`a datagram through ${device} is seen on ${name}`, async () => {
      send(this.#net, device, lastPort)
      return (await this.ask()).seen.includes(what)
    })
  }

  /** It has looked at its interfaces since now: another one that it may watch has come and was noticed, or a second has passed. */
  async hasLooked(): Promise<void> {
    const before = performance.now()
    await until('a look has passed', async () => {
      await this.ask()
      return performance.now() - before > 1_200
    })
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return
    this.#child.stdin!.end()
    await once(this.#child, 'exit')
  }
}

/** One end of a cable; the other end is in the same namespace and hears everything. */
function add(net: Namespaces, name: string): void {
  net.run('gw', 'ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', farEnd(name))
  net.run('gw', 'ip', 'link', 'set', farEnd(name), 'up')
  up(net, name)
}

function farEnd(name: string): string {
  return `far-${name}`
}

function up(net: Namespaces, name: string): void {
  net.run('gw', 'ip', 'link', 'set', name, 'up')
}

function rename(net: Namespaces, from: string, to: string): void {
  net.run('gw', 'ip', 'link', 'set', from, 'down')
  net.run('gw', 'ip', 'link', 'set', from, 'name', to)
  up(net, to)
}

/** To all nodes on the link, which needs no address but that of the link. It may not have one yet: whoever waits sends again. */
function send(net: Namespaces, device: string, port: number): void {
  net.try('gw', 'bash', '-c', `exec 2>/dev/null; echo x > '/dev/udp/ff02::1%${device}/${port}'`)
}

function names(net: Namespaces): string[] {
  const listed = net.run('gw', 'ip', '-o', 'link', 'show', 'type', 'veth').split('\n').filter((line) => line !== '')
  return listed.map((line) => /^\d+: ([^@:]+)/.exec(line)![1]!).filter((name) => !name.startsWith('far-'))
}
