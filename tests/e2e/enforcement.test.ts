// Goal: a ban cuts one address off in both directions, at once, and nobody else; it outlives the enforcer; what is broken by hand
//       is put back by one round of reconciliation.
// Method: two hosts of one network outside, a forwarding gateway with somebody else's permissive ruleset, a server inside.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../agent/daemon/system-clock.ts'
import { EnforcementKeeper, EnforcerClient, Reconciler } from '../../agent/response/index.ts'
import { Namespaces, saysSomething, whyNoEnforcer } from './namespaces.ts'

const ATTACKER = { v4: '10.66.1.66', v6: 'fd66:1::66' }
const INNOCENT = { v4: '10.66.1.77', v6: 'fd66:1::77' }
const SERVER = { v4: '10.66.2.10', v6: 'fd66:2::10' }
const PORT = '8080'
const TCP_PEER = path.join(import.meta.dirname, 'tcp-peer.mjs')
const DAY_MS = 24 * 3_600_000

/** Accepts what is established before anything else, as most rulesets do; and makes the kernel track connections. */
const RULESET = `table inet somebody {
  chain early { type filter hook prerouting priority -150; policy accept; ct state established,related accept; }
  chain forward { type filter hook forward priority 0; policy accept; ct state established,related accept; }
}`

const obstacle = whyNoEnforcer()

describe.skipIf(obstacle !== '')(`enforcement${obstacle === '' ? '' : ` (skipped: ${obstacle})`}`, () => {
  let net: Namespaces
  let program: { child: ChildProcess; socketPath: string }
  let enforcer: EnforcerClient
  let keeper: EnforcementKeeper

  beforeAll(async () => {
    net = new Namespaces()
    net.add('out', 'gw', 'in')
    const outside = [`${ATTACKER.v4}/24`, `${INNOCENT.v4}/24`, `${ATTACKER.v6}/64`, `${INNOCENT.v6}/64`]
    net.connect({ namespace: 'out', interfaceName: 'eth0', addresses: outside }, gatewayEnd('outer', 1))
    net.connect({ namespace: 'in', interfaceName: 'eth0', addresses: [`${SERVER.v4}/24`, `${SERVER.v6}/64`] }, gatewayEnd('inner', 2))
    for (const [name, net4, net6] of [['out', '10.66.1.1', 'fd66:1::1'], ['in', '10.66.2.1', 'fd66:2::1']] as const) {
      net.run(name, 'ip', 'route', 'add', 'default', 'via', net4)
      net.run(name, 'ip', '-6', 'route', 'add', 'default', 'via', net6)
    }
    net.run('gw', 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
    net.run('gw', 'nft', RULESET)
    await saysSomething(net.start('in', process.execPath, TCP_PEER, 'listen', PORT))
    await saysSomething(net.start('out', process.execPath, TCP_PEER, 'listen', PORT))
    await startEnforcer()
  })
  afterAll(async () => {
    await enforcer.close()
    await net.remove()
  })
  beforeEach(async () => {
    await enforcer.cleanup()
    keeper = createKeeper()
  })

  test.each(['v4', 'v6'] as const)('a blocked host is cut off at once, its neighbour is not (%s)', async (family) => {
    const attack = talk(ATTACKER[family], SERVER[family])
    const innocent = talk(INNOCENT[family], SERVER[family])
    await Promise.all([saysSomething(attack.child), saysSomething(innocent.child)])

    expect(await keeper.apply([ban(ATTACKER[family])])).toMatchObject([{ outcome: 'enforced' }])
    const before = { attack: attack.echoes(), innocent: innocent.echoes() }
    await hears(innocent, before.innocent + 20)
    // One echo may have been on its way when the rule came.
    expect(attack.echoes() - before.attack).toBeLessThanOrEqual(1)
    expect(connects('out', ATTACKER[family], SERVER[family])).toBe(false)
    expect(connects('out', INNOCENT[family], SERVER[family])).toBe(true)

    await keeper.release([ATTACKER[family]])
    expect(connects('out', ATTACKER[family], SERVER[family])).toBe(true)
    await Promise.all([net.stop(attack.child), net.stop(innocent.child)])
  })

  test('connections from inside to a blocked host die too, and the gateway itself does not reach it', async () => {
    expect(connects('in', SERVER.v4, ATTACKER.v4)).toBe(true)
    const outbound = talk(SERVER.v4, ATTACKER.v4, { namespace: 'in' })
    await saysSomething(outbound.child)
    await keeper.apply([ban(ATTACKER.v4)])
    const before = outbound.echoes()
    const innocent = talk(INNOCENT.v4, SERVER.v4)
    await hears(innocent, 20)
    expect(outbound.echoes() - before).toBeLessThanOrEqual(1)
    expect(connects('in', SERVER.v4, ATTACKER.v4)).toBe(false)
    expect(connects('gw', '10.66.1.1', ATTACKER.v4)).toBe(false)
    expect(connects('in', SERVER.v4, INNOCENT.v4)).toBe(true)
    expect((await enforcer.status()).droppedPackets).toBeGreaterThan(0)
    await Promise.all([net.stop(outbound.child), net.stop(innocent.child)])
  })

  test('connection tracking forgets a blocked host and nobody else', async () => {
    const { hasConntrack, conntrackFlushed } = await enforcer.status()
    if (!hasConntrack) return
    const attack = talk(ATTACKER.v4, SERVER.v4)
    const innocent = talk(INNOCENT.v4, SERVER.v4)
    await Promise.all([saysSomething(attack.child), saysSomething(innocent.child)])
    await keeper.apply([ban(ATTACKER.v4)])
    await expect.poll(async () => (await enforcer.status()).conntrackFlushed, { timeout: 5_000 }).toBeGreaterThan(conntrackFlushed)
    const tracked = net.run('gw', 'cat', '/proc/net/nf_conntrack')
    expect(tracked).not.toContain(ATTACKER.v4)
    expect(tracked).toContain(INNOCENT.v4)
    await Promise.all([net.stop(attack.child), net.stop(innocent.child)])
  })

  const sabotage = [
    ['the table is deleted', 'delete table inet phantommesh'],
    ['a set is flushed', 'flush set inet phantommesh v4'],
    ['an element is removed', `delete element inet phantommesh v4 { ${ATTACKER.v4} }`],
    ['the rules are flushed', 'flush chain inet phantommesh prerouting'],
    ['a chain is deleted', 'flush chain inet phantommesh forward; delete chain inet phantommesh forward'],
    ['the whole ruleset is flushed', 'flush ruleset'],
    ['a rule that accepts stands first', 'insert rule inet phantommesh prerouting accept'],
    ['the element is replaced by a short one', `delete element inet phantommesh v4 { ${ATTACKER.v4} };
      add element inet phantommesh v4 { ${ATTACKER.v4} timeout 20s }`],
  ] as const

  test.each(sabotage)('one round repairs it when %s', async (_what, commands) => {
    await keeper.apply([ban(ATTACKER.v4), ban(ATTACKER.v6)])
    const whole = tableParts()
    net.run('gw', 'nft', commands)
    await keeper.reconcile()

    expect(tableParts()).toEqual(whole)
    expect(net.run('gw', 'nft', 'list', 'set', 'inet', 'phantommesh', 'v4')).toMatch(/10\.66\.1\.66 timeout (1d|23h)/)
    expect(net.run('gw', 'nft', 'list', 'set', 'inet', 'phantommesh', 'v6')).toContain('fd66:1::66')
    expect(connects('out', ATTACKER.v4, SERVER.v4)).toBe(false)
    expect(connects('out', INNOCENT.v4, SERVER.v4)).toBe(true)
    expect((await keeper.reconcile()).drift).toMatchObject({ missing: 0, refused: 0, driftSeconds: 0 })
    net.run('gw', 'nft', RULESET)
  })

  test('a killed enforcer lifts no ban, and its successor knows it and the never-block list', async () => {
    await enforcer.neverBlock(['10.66.1.99'])
    await keeper.apply([ban(ATTACKER.v4)])
    program.child.kill('SIGKILL')
    await once(program.child, 'exit')
    expect(connects('out', ATTACKER.v4, SERVER.v4)).toBe(false)
    await expect(enforcer.list()).rejects.toMatchObject({ code: 'ENFORCER_UNREACHABLE' })

    program = await net.startEnforcer('gw', '--socket', program.socketPath)
    expect((await enforcer.list()).map(({ target }) => target)).toEqual([ATTACKER.v4])
    expect(await enforcer.block([{ target: '10.66.1.99', durationMs: DAY_MS }])).toMatchObject([{ reason: 'never-block' }])
    expect((await keeper.reconcile()).drift).toMatchObject({ missing: 0, unexpected: 0 })
  })

  test('a successor takes what the kernel holds for renewals, not for new bans', async () => {
    const three = [ATTACKER.v4, ATTACKER.v6, '10.66.1.90']
    const onlyTwo = ['--elements-max', '2', '--new-blocks-per-minute', '2']
    const ask = async (): Promise<string[]> =>
      (await enforcer.block(three.map((target) => ({ target, durationMs: DAY_MS })))).map(({ reason }) => reason)
    await net.stop(program.child)
    await startEnforcer(...onlyTwo)
    expect(await ask()).toEqual(['', '', 'cap'])
    await net.stop(program.child)
    await startEnforcer(...onlyTwo)
    expect(await ask()).toEqual(['', '', 'cap'])
  })

  test('the gateway itself, its gateway and whoever has an SSH session are never blocked', async () => {
    net.run('gw', 'ip', 'route', 'add', 'default', 'via', '10.66.2.254')
    await saysSomething(net.start('gw', process.execPath, TCP_PEER, 'listen', '22'))
    const operator = talk(INNOCENT.v4, '10.66.1.1', { port: '22' })
    await saysSomething(operator.child)
    await net.stop(program.child)
    await startEnforcer()
    const targets = ['10.66.1.1', '10.66.2.1', 'fd66:2::1', '10.66.2.254', INNOCENT.v4, '10.66.1.0/24', ATTACKER.v4]
    const results = await enforcer.block(targets.map((target) => ({ target, durationMs: DAY_MS })))
    expect(results.map(({ outcome }) => outcome)).toEqual([...Array(6).fill('refused'), 'enforced'])
    await net.stop(operator.child)
  })

  test('a file of root protects its prefixes; one that others may write stops all blocking', async () => {
    const file = path.join(net.folder, 'never-block')
    writeFileSync(file, '# the operator\n10.66.1.64/28  fd66:1::/64\n')
    await net.stop(program.child)
    await startEnforcer('--never-block-file', file)
    const ask = async (...targets: readonly string[]): Promise<string[]> =>
      (await enforcer.block(targets.map((target) => ({ target, durationMs: DAY_MS })))).map(({ reason }) => reason)
    expect(await ask(ATTACKER.v4, ATTACKER.v6, INNOCENT.v4, '10.66.1.90')).toEqual(['never-block', 'never-block', 'never-block', ''])

    chmodSync(file, 0o664)
    await net.stop(program.child)
    await startEnforcer('--never-block-file', file)
    expect(await ask('10.66.1.91')).toEqual([expect.stringContaining('never-block-unknown')])
    expect((await enforcer.status()).problem).toContain('must be owned and writable by root alone')
  })

  test('a file of root behind a closed folder stops all blocking: it may say a lot', async () => {
    const folder = path.join(net.folder, 'closed')
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'never-block'), `${ATTACKER.v4}\n`)
    // The program gives up the right to read what others keep for themselves.
    chmodSync(folder, 0o700)
    chownSync(folder, 65_534, 65_534)
    await net.stop(program.child)
    await startEnforcer('--never-block-file', path.join(folder, 'never-block'))
    const results = await enforcer.block([{ target: ATTACKER.v4, durationMs: DAY_MS }])
    expect(results).toMatchObject([{ outcome: 'refused', reason: expect.stringContaining('Permission denied') }])
    await net.stop(program.child)
    await startEnforcer()
  })

  async function startEnforcer(...words: readonly string[]): Promise<void> {
    program = await net.startEnforcer('gw', ...words)
    enforcer = new EnforcerClient({ socketPath: program.socketPath, clock: systemClock })
  }

  function createKeeper(): EnforcementKeeper {
    return new EnforcementKeeper(enforcer, new Reconciler({ desiredMax: 100, durationMsMax: 7 * DAY_MS }), () => systemClock.wallMs())
  }

  /** Definition of the table without counts and elements; the order of its parts does not matter. */
  function tableParts(): string[] {
    return net.run('gw', 'nft', '-s', '-t', 'list', 'table', 'inet', 'phantommesh').replace(/^.*\n|\n\}\n$/g, '').split('\n\n').sort()
  }

  function talk(from: string, to: string, { namespace = 'out', port = PORT } = {}): Talk {
    const child = net.start(namespace, process.execPath, TCP_PEER, 'talk', to, port, from)
    let count = 0
    child.stdout?.on('data', (words: Buffer) => {
      count += words.toString().split('echo').length - 1
    })
    return { child, echoes: () => count }
  }

  function connects(namespace: string, from: string, to: string): boolean {
    return net.try(namespace, process.execPath, TCP_PEER, 'try', to, PORT, from).status === 0
  }
})

interface Talk {
  readonly child: ChildProcess
  readonly echoes: () => number
}

/** Waits until so many echoes have come: time as the network counts it. */
async function hears(talk: Talk, echoes: number): Promise<void> {
  await expect.poll(() => talk.echoes(), { timeout: 10_000 }).toBeGreaterThanOrEqual(echoes)
}

function gatewayEnd(interfaceName: string, network: number): { namespace: string; interfaceName: string; addresses: string[] } {
  return { namespace: 'gw', interfaceName, addresses: [`10.66.${network}.1/24`, `fd66:${network}::1/64`] }
}

function ban(target: string): { target: string; untilMs: number } {
  return { target, untilMs: systemClock.wallMs() + DAY_MS }
}
