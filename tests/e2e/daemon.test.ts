// Goal: the running agent keeps its promises on real packets: attackers are named and cut off, nobody else is; what was promised
//       survives kills, restarts and sabotage; what goes wrong is said in words.
// Method: phantomd and phantomctl as a user starts them; attackers and innocents in a namespace beside the gateway's.
import path from 'node:path'
import process from 'node:process'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Namespaces, saysSomething } from './namespaces.ts'
import { DaemonHome, PHANTOMCTL, until, whyNoDaemon } from './running-daemon.ts'
import type { DaemonSettings, ListedLine, RunningDaemon } from './running-daemon.ts'

const GATEWAY = { v4: '10.67.0.1', v6: 'fd67::1' }
const INNOCENT = { v4: '10.67.0.2', v6: 'fd67:0:0:1::2' }
const OPERATOR = '10.67.0.3'
const ROUTER = '10.67.0.254'
const TCP_PEER = path.join(import.meta.dirname, 'tcp-peer.mjs')
const PORT = '8080'
const SCANNERS = 24

const obstacle = whyNoDaemon()

describe.skipIf(obstacle !== '')(`the daemon${obstacle === '' ? '' : ` (skipped: ${obstacle})`}`, () => {
  let net: Namespaces
  let home: DaemonHome
  let daemon: RunningDaemon | undefined
  let scannersUsed = 0

  beforeAll(async () => {
    net = new Namespaces()
    net.add('out', 'gw')
    const v4 = [INNOCENT.v4, OPERATOR, ROUTER, ...Array.from({ length: SCANNERS }, (_, index) => scannerOf(index).v4)]
    const v6 = [INNOCENT.v6, ...Array.from({ length: SCANNERS }, (_, index) => scannerOf(index).v6)]
    const outside = [...v4.map((each) => `${each}/16`), ...v6.map((each) => `${each}/32`)]
    net.connect(
      { namespace: 'out', interfaceName: 'eth0', addresses: outside },
      { namespace: 'gw', interfaceName: 'outer', addresses: [`${GATEWAY.v4}/16`, `${GATEWAY.v6}/32`] },
    )
    net.run('gw', 'ip', 'route', 'add', 'default', 'via', ROUTER)
    await saysSomething(net.start('gw', process.execPath, TCP_PEER, 'listen', PORT))
    await saysSomething(net.start('gw', process.execPath, TCP_PEER, 'listen', '22'))
  })
  afterAll(() => net.remove())
  afterEach(async () => {
    await daemon?.end('SIGTERM')
    daemon = undefined
    net.try('gw', 'nft', 'delete', 'table', 'inet', 'phantommesh')
  })

  describe('a port scan from another host', () => {
    test('is alerted on, and in observe mode nothing is in the kernel', async () => {
      await start({ mode: 'observe' })
      const scanner = nextScanner().v4
      scan(scanner)
      await until('the scan is alerted on', () => alertsOn(scanner).some((alert) => alert.category === 'scan' && alert.action === 'block'))
      expect(decisionsOn(scanner)).toMatchObject([{ simulated: true, value: scanner }])
      expect(net.try('gw', 'nft', 'list', 'table', 'inet', 'phantommesh').stdout).not.toContain(scanner)
      expect(reaches(scanner)).toBe(true)
    })

    test.each(['v4', 'v6'] as const)('is cut off in enforce mode, an innocent neighbour is not (%s)', async (family) => {
      await start({ mode: 'enforce' })
      const scanner = nextScanner()[family]
      scan(scanner, GATEWAY[family])
      await until('the scanner is in the kernel', () => kernelHolds(scanner))
      expect(reaches(scanner, GATEWAY[family])).toBe(false)
      expect(reaches(INNOCENT[family], GATEWAY[family])).toBe(true)
      // The configuration says how much of an IPv6 address is blocked; the scanner has a /64 of its own.
      const beginning = scanner.split('::')[0]!
      await until('the enforcement is in the event log', () => home.events('enforcement').some(({ enforcement }) => (
        enforcement?.outcome === 'enforced' && enforcement.target.startsWith(beginning)
      )))
    })

    test('by a host of the never-block list is alerted on, and goes on', async () => {
      const [spared, other] = [nextScanner().v4, nextScanner().v4]
      await start({ mode: 'enforce', neverBlock: [`${spared}/32`] })
      scan(spared)
      scan(other)
      await until('the other scanner is cut off', () => kernelHolds(other))
      await until('the spared one is alerted on', () => alertsOn(spared).some(isSpared))
      expect(kernelHolds(spared)).toBe(false)
      expect(reaches(spared)).toBe(true)
    })

    test('by whoever has an SSH session is alerted on, and the session lives', async () => {
      const session = net.start('out', process.execPath, TCP_PEER, 'talk', GATEWAY.v4, '22', OPERATOR)
      await saysSomething(session)
      await start({ mode: 'enforce' })
      scan(OPERATOR)
      await until('the operator is alerted on', () => alertsOn(OPERATOR).some(isSpared))
      expect(kernelHolds(OPERATOR)).toBe(false)
      expect(reaches(OPERATOR)).toBe(true)
      await net.stop(session)
    })
  })

  describe('phantomctl', () => {
    test('adds, lists and deletes decisions; the list says at once that the kernel holds them', async () => {
      await start({ mode: 'enforce' })
      const target = '203.0.113.7'
      expect(home.ctl('decisions', 'add', target, '--duration', '10m', '--reason', 'a test')).toMatchObject({ status: 0 })
      expect(kernelHolds(target)).toBe(true)
      const listed = home.ctl('decisions', 'list')
      expect(listed.stdout).toMatch(/203\.0\.113\.7 .* yes /)
      expect(decisionsOn(target)).toMatchObject([{ value: target, origin: 'phantomctl', simulated: false }])
      expect(home.ctl('decisions', 'delete', target)).toMatchObject({ status: 0 })
      expect(kernelHolds(target)).toBe(false)
      expect(decisionsOn(target)).toEqual([])
      expect(home.ctl('decisions', 'delete', target).status).toBe(1)
    })

    test.each([
      ['its own address', GATEWAY.v4], ['its gateway', ROUTER], ['a prefix with its own address', '10.67.0.0/24'],
      ['loopback', '127.0.0.1'], ['a prefix that is too wide', '203.0.0.0/8'],
    ])('refuses to block %s', async (_what, target) => {
      await start({ mode: 'enforce' })
      const refused = home.ctl('decisions', 'add', target)
      expect(refused.status).toBe(1)
      expect(refused.stderr).toMatch(/never-block|too.wide/)
      expect(kernelHolds(target)).toBe(false)
    })

    test('previews a change of mode, makes it only when confirmed, and carries it into the kernel', async () => {
      await start({ mode: 'observe' })
      const scanner = nextScanner().v4
      scan(scanner)
      await until('the scan is a decision on paper', () => decisionsOn(scanner).length > 0)
      const preview = home.ctl('mode', 'enforce', '--preview')
      expect(preview).toMatchObject({ status: 0 })
      expect(preview.stdout).toContain(scanner)
      expect(home.ctl('mode', 'enforce').status).toBe(2)
      expect(home.ctl('mode').stdout).toBe('observe\n')
      expect(kernelHolds(scanner)).toBe(false)

      expect(home.ctl('mode', 'enforce', '--confirm').status).toBe(0)
      expect(kernelHolds(scanner)).toBe(true)
      expect(home.ctl('mode', 'observe', '--confirm').status).toBe(0)
      expect(kernelHolds(scanner)).toBe(false)
    })

    test('lists, shows and explains alerts', async () => {
      await start({ mode: 'observe' })
      const scanner = nextScanner().v4
      scan(scanner)
      const { id } = await until('there is an alert', () => alertsOn(scanner)[0])
      expect(home.ctl('alerts', 'list', '--category', 'scan').stdout).toContain(scanner)
      expect(home.ctl('alerts', 'show', String(id)).stdout).toContain(scanner)
      const explained = home.ctl('alerts', 'explain', String(id))
      expect(explained).toMatchObject({ status: 0 })
      expect(explained.stdout).toMatch(/first contacts/)
      expect(home.ctl('alerts', 'show', '999999').status).toBe(1)
      expect(home.ctl('alerts', 'show', 'seven').status).toBe(2)
    })

    test('follows events as they happen', async () => {
      await start({ mode: 'observe' })
      const follower = net.start('gw', PHANTOMCTL, '--socket', home.socket, '-o', 'raw', 'events', '--follow', '--type', 'alert')
      let text = ''
      follower.stdout?.setEncoding('utf8').on('data', (part: string) => { text += part })
      await until('the follower is connected', () => /"connected": ?1/.test(home.ctl('-o', 'json', 'status').stdout))
      const scanner = nextScanner().v4
      scan(scanner)
      await until('the alert has come', () => text.includes(`"src_ip":"${scanner}"`))
      expect(text).not.toContain('"event_type":"flow"')
      await net.stop(follower)
    })

    test('tells metrics, status and version; without a daemon it says how to start one', async () => {
      await start({ mode: 'enforce' })
      expect(home.ctl('metrics').stdout).toContain('phantommesh_decision_latency_seconds_bucket')
      expect(home.ctl('status', '--check', 'ready')).toMatchObject({ status: 0, stdout: expect.stringContaining('ready: ok') })
      expect(home.ctl('status', '--check', 'live').status).toBe(0)
      expect(home.ctl('status', '--check', 'startup').status).toBe(0)
      expect(home.ctl('version').status).toBe(0)
      await daemon?.end('SIGTERM')
      expect(home.ctl('status')).toMatchObject({ status: 3, stderr: expect.stringContaining('bin/phantomd run') })
    })
  })

  describe('enforcement stays true', () => {
    test('when somebody deletes the table: it is back within two seconds, and reported', async () => {
      await start({ mode: 'enforce' })
      const target = '203.0.113.8'
      home.must('decisions', 'add', target)
      net.run('gw', 'nft', 'delete', 'table', 'inet', 'phantommesh')
      await until('the ban is back', () => kernelHolds(target), 2_000)
      const repairs = await until('the repair is reported', () => (
        nonEmpty(home.events('enforcement').filter(({ enforcement }) => enforcement?.action === 'repair'))
      ))
      expect(repairs.map(({ enforcement }) => enforcement?.target)).toEqual([target])
    })

    test('when the daemon is killed: the ban stays, and its successor knows every decision', async () => {
      await start({ mode: 'enforce' })
      const scanner = nextScanner().v4
      scan(scanner)
      await until('the scan is a decision', () => decisionsOn(scanner).length > 0)
      const target = '203.0.113.9'
      home.must('decisions', 'add', target, '--duration', '1h')
      const before = home.list('decisions')
      await daemon?.end('SIGKILL')
      expect(kernelHolds(target)).toBe(true)
      expect(reaches(scanner)).toBe(false)

      daemon = await home.start()
      expect(home.list('decisions').map(({ id, value }) => ({ id, value }))).toEqual(before.map(({ id, value }) => ({ id, value })))
      expect(kernelHolds(target)).toBe(true)
      expect(reaches(scanner)).toBe(false)
      expect(alertsOn(scanner).length).toBeGreaterThan(0)
      await until('it is ready', () => home.ctl('status', '--check', 'ready').status === 0)
    })

    test('when the kernel lost its bans while nobody was there: they are put back', async () => {
      await start({ mode: 'enforce' })
      const target = '203.0.113.10'
      home.must('decisions', 'add', target, '--duration', '1h')
      await daemon?.end('SIGTERM')
      net.run('gw', 'nft', 'delete', 'table', 'inet', 'phantommesh')
      daemon = await home.start()
      expect(kernelHolds(target)).toBe(true)
    })

    test('when the enforcer is killed: it is started again, and blocks as before', async () => {
      await start({ mode: 'enforce' })
      const target = '203.0.113.11'
      home.must('decisions', 'add', target)
      const pid = await until('the enforcer runs', () => daemon?.enforcerPid())
      process.kill(pid, 'SIGKILL')
      expect(kernelHolds(target)).toBe(true)
      await until('another enforcer runs', () => (daemon?.enforcerPid() ?? pid) !== pid)
      await until('it is ready', () => home.ctl('status', '--check', 'ready').status === 0)
      expect(daemon?.log()).toContain('Enforcer ended unasked')
      expect(home.ctl('decisions', 'add', '203.0.113.12').status).toBe(0)
      expect(home.ctl('decisions', 'add', GATEWAY.v4).status).toBe(1)
    })

    test('when the enforcer hangs: the agent is not ready and says why, until it answers again', async () => {
      await start({ mode: 'enforce' })
      const pid = await until('the enforcer runs', () => daemon?.enforcerPid())
      process.kill(pid, 'SIGSTOP')
      const check = await until('the trouble is noticed', () => {
        const ready = home.ctl('status', '--check', 'ready')
        return ready.status === 1 && ready
      })
      expect(check.stdout).toContain('the enforcer is out of reach')
      process.kill(pid, 'SIGCONT')
      await until('it is ready again', () => home.ctl('status', '--check', 'ready').status === 0)
    })
  })

  describe('start and end', () => {
    test('SIGTERM drains and ends with 0; what was decided is on disk', async () => {
      await start({ mode: 'observe' })
      const scanner = nextScanner().v4
      scan(scanner)
      await until('the meter has seen the scan', () => Number(/"flows": (\d+)/.exec(home.must('status'))?.[1]) >= 300)
      expect(await daemon?.end('SIGTERM')).toBe(0)
      expect(home.events('alert').map((event) => event.src_ip)).toContain(scanner)
      expect(home.events('flow').length).toBeGreaterThan(100)
      daemon = await home.start()
      expect(alertsOn(scanner).length).toBeGreaterThan(0)
    })

    test('a second daemon on the same state directory is refused, and the first goes on', async () => {
      await start({ mode: 'observe' })
      const second = home.tryRun()
      expect(second.status).toBe(1)
      expect(second.stderr).toMatch(/another|in use/)
      expect(home.ctl('status', '--check', 'live').status).toBe(0)
    })

    test('a missing interface is named', () => {
      home = new DaemonHome(net, 'gw', { mode: 'observe', interfaces: ['wan9'] })
      expect(home.tryRun()).toMatchObject({ status: 1, stderr: expect.stringContaining('wan9: there is no such network interface') })
    })

    test('a configuration with mistakes ends with 5, each with its line', () => {
      home = new DaemonHome(net, 'gw', { mode: 'observe', interfaces: ['outer'], more: 'captuer: {}\n' })
      expect(home.tryRun()).toMatchObject({ status: 5, stderr: expect.stringMatching(/agent\.yaml:\d+.*captuer/) })
    })

    test('without CAP_NET_RAW it ends with 4 and says what to grant', () => {
      home = new DaemonHome(net, 'gw', { mode: 'observe', interfaces: ['outer'] })
      const ran = home.tryRun(home.config, 'setpriv', '--bounding-set=-net_raw')
      expect(ran).toMatchObject({ status: 4, stderr: expect.stringContaining('outer: capturing needs CAP_NET_RAW') })
    })

    test('without an enforcer in enforce mode it judges, alerts, and says that it cannot block', async () => {
      home = new DaemonHome(net, 'gw', { mode: 'enforce', interfaces: ['outer'] })
      // As the unit runs it: not root, CAP_NET_RAW alone. It may not start an enforcer, and no unit has.
      net.run('gw', 'chown', '65534:65534', home.folder)
      net.run('gw', 'chmod', '755', net.folder)
      const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
      daemon = await home.start(...asNobody, '--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw')
      const check = home.ctl('status', '--check', 'ready')
      expect(check).toMatchObject({ status: 1, stdout: expect.stringContaining('mode is enforce, but the enforcer is out of reach') })
      const scanner = nextScanner().v4
      scan(scanner)
      await until('the scan is alerted on', () => alertsOn(scanner).length > 0)
      expect(home.ctl('decisions', 'add', '203.0.113.13').status).toBe(1)
      expect(kernelHolds(scanner)).toBe(false)
    })

    test('an interface that was removed and made anew, as a tunnel is, is watched again', async () => {
      connectTunnel()
      await start({ mode: 'observe', interfaces: ['tunnel0'] })
      net.run('gw', 'ip', 'link', 'delete', 'tunnel0')
      await until('the loss is counted', () => /"interfaceLost": ?1/.test(home.ctl('-o', 'json', 'status').stdout))
      connectTunnel()
      await until('a scan through the new one is alerted on', () => {
        scan('10.68.0.66', '10.68.0.1', '30')
        return alertsOn('10.68.0.66').length > 0
      })
      expect(daemon?.hasEnded).toBe(false)
    })
  })

  function connectTunnel(): void {
    net.connect(
      { namespace: 'gw', interfaceName: 'tunnel0', addresses: ['10.68.0.1/24'] },
      { namespace: 'out', interfaceName: 'tunnel1', addresses: ['10.68.0.66/24'] },
    )
  }

  async function start(settings: Pick<DaemonSettings, 'mode'> & Partial<DaemonSettings>): Promise<void> {
    home = new DaemonHome(net, 'gw', { interfaces: ['outer'], ...settings })
    daemon = await home.start()
  }

  function nextScanner(): { v4: string; v6: string } {
    scannersUsed += 1
    return scannerOf(scannersUsed - 1)
  }

  function scan(from: string, to = GATEWAY.v4, ports = '300'): void {
    net.run('out', process.execPath, TCP_PEER, 'scan', to, ports, from)
  }

  function reaches(from: string, to = GATEWAY.v4): boolean {
    return net.try('out', process.execPath, TCP_PEER, 'try', to, PORT, from).status === 0
  }

  function kernelHolds(target: string): boolean {
    const set = target.includes(':') ? 'v6' : 'v4'
    return net.try('gw', 'nft', 'get', 'element', 'inet', 'phantommesh', set, `{ ${target} }`).status === 0
  }

  function alertsOn(entity: string): ListedLine[] {
    return home.list('alerts', '--entity', entity)
  }

  function decisionsOn(target: string): ListedLine[] {
    return home.list('decisions').filter(({ value }) => value === target)
  }
})

/** Each in a /64 of its own, so that it stands for itself however wide a block is. */
function scannerOf(index: number): { v4: string; v6: string } {
  return { v4: `10.67.1.${index + 1}`, v6: `fd67:0:1:${(index + 1).toString(16)}::66` }
}

function isSpared({ heldBackBy }: ListedLine): boolean {
  return heldBackBy?.includes('never-block') === true
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list
}
