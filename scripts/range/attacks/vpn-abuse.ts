import path from 'node:path'
import { stopGroup } from '../../lab/lab.ts'
import { PLAN } from '../plan.ts'
import { between, during, pause, pick } from '../scene.ts'
import type { Attack, AttackScene } from '../scene.ts'
import { clientCommand, keys, makeAuthority, makeCertificate } from '../tunnels/openvpn.ts'
import { connect } from '../tunnels/wireguard.ts'
import { addCustomer } from '../world.ts'
import type { Host } from '../../lab/lab.ts'
import { begin, beside, runUntilEnd } from './rented-programs.ts'
import { packetsSent } from './run-tool.ts'
import { VPN_FLOODS } from './vpn-floods.ts'

const OUTSIDE = { category: 'vpn-abuse', place: 'outside', isAlone: false } as const

/** Real wireguard-go with one wrong key after another. */
async function guessWireGuardKeys(scene: AttackScene): Promise<void> {
  const { random, actor, world: { wireguard } } = scene
  const pauseS = (0.3 + 2 * random.uniform()).toFixed(2)
  const { outer } = wireguard.gateway
  const truth = {
    role: 'entity', address: actor.address, peers: [outer], category: 'vpn-abuse', tool: `wireguard-go, a wrong key every ${pauseS} s`,
  } as const
  const script = path.join(import.meta.dirname, 'tools/wireguard_guess.sh')
  const command = ['bash', script, outer, String(PLAN.wireguard.port), wireguard.keys.publicKey, pauseS]
  const before = packetsSent(actor)
  await during(scene, truth, () => beside(begin(scene, actor, { command }), async (guesser) => {
    await pause(scene, Infinity)
    const [{ count }, sent] = [guesser.got(), packetsSent(actor) - before]
    if (!guesser.isRunning() || count < 10 || sent < 0.8 * count) throw new Error(`${count} keys, ${sent} packets: ${guesser.output()}`)
  }))
}

/** Real openvpn whose certificate another authority signed, again and again. */
async function guessOpenVpnCertificates(scene: AttackScene): Promise<void> {
  const { actor, random, lab, world: { openvpn } } = scene
  makeAuthority(lab.folder, `authority-${actor.name}`)
  makeCertificate(lab.folder, { authority: `authority-${actor.name}`, name: `intruder-${actor.name}`, usage: 'clientAuth' })
  const [, , ...own] = keys(lab.folder, `intruder-${actor.name}`)
  // It would trust the gateway; the gateway does not trust it.
  const credentials = ['--ca', path.join(openvpn.folder, 'ca.crt'), ...own]
  const window = between(random, 2, 6)
  const command = [...clientCommand(openvpn, credentials), '--hand-window', String(window), '--tls-timeout', '1',
    '--connect-retry', '1', '2']
  const { outer } = openvpn.gateway
  const truth = {
    role: 'entity', address: actor.address, peers: [outer], category: 'vpn-abuse',
    tool: `openvpn with a foreign certificate, ${window} s a try`,
  } as const
  await during(scene, truth, async () => {
    const { output } = await runUntilEnd(scene, actor, { command })
    const refusals = output.split('TLS handshake failed').length - 1
    if (refusals < 3 || output.includes('Initialization Sequence Completed')) throw new Error(`${refusals} refusals: ${output.slice(-800)}`)
  })
}

/** Where somebody with another's credentials looks around. */
function looks({ lan }: AttackScene['world']): readonly string[] {
  return [lan.config.address, lan.monitor.address, lan.workstation2.address, lan.workstation3.address]
}

/** Pings and knocks at the LAN through the stolen tunnel. Throws when nobody ever answered. */
async function lookAround(scene: AttackScene, host: Host, explain: () => string): Promise<void> {
  const { random, world } = scene
  let answers = 0
  do {
    const target = pick(random, looks(world))
    const command = random.uniform() < 0.5
      ? ['ping', '-q', '-n', '-c', String(between(random, 2, 10)), '-i', '0.5', '-W', '1', target]
      : ['curl', '-s', '-m', '3', '-o', '/dev/null', `http://${target}/`]
    const { exitCode, output } = await runUntilEnd(scene, host, { command })
    // 7: the far end refused, so it was reached.
    if (exitCode === 0 || exitCode === 7 || / [1-9]\d* received/.test(output)) answers += 1
  } while (await pause(scene, between(random, 300, 6_000)))
  if (answers === 0) throw new Error(`nobody answered through the stolen tunnel: ${explain()}`)
}

/** What is to blame when a client's credentials are used elsewhere: the other place outside the tunnel, inside the client's name. */
async function blameBoth(
  scene: AttackScene, { line, inner, tool }: { line: string; inner: string; tool: string }, act: () => Promise<void>,
): Promise<void> {
  const outside = { role: 'entity', address: line, peers: [scene.world.gateways[0].outer], category: 'vpn-abuse', tool } as const
  const inside = { role: 'entity', address: inner, peers: looks(scene.world), category: 'vpn-abuse', tool } as const
  await during(scene, outside, () => during(scene, inside, act))
}

let thieves = 0

/** A client's WireGuard key in two places: the gateway answers whoever spoke last, so that its endpoint flaps. */
async function stealWireGuardKey(scene: AttackScene): Promise<void> {
  const { random, world } = scene
  const stolen = pick(random, world.infected.flatMap(({ name }) => world.wireguardClients.get(name) ?? []))
  thieves += 1
  const { host, line } = addCustomer(world, `thief${thieves}`)
  const { address, name } = stolen.machine
  const tool = `wireguard-go with the key of ${name}`
  await blameBoth(scene, { line, inner: address, tool }, async () => {
    const child = await connect(world, host, { server: world.wireguard, keys: stolen.keys, addresses: [`${address}/32`] })
    try {
      await lookAround(scene, host, () => name)
    } finally {
      stopGroup(child)
    }
  })
}

/** A client's certificate in two places: the gateway drops the first for the second, and the other way round when the first comes back. */
async function stealOpenVpnCertificate(scene: AttackScene): Promise<void> {
  const { random, world, actor } = scene
  const stolen = pick(random, world.infected.filter(({ link }) => link === 'openvpn'))
  const certificate = stolen.name.replace(/^o/, 'client')
  const words = clientCommand(world.openvpn, keys(world.openvpn.folder, certificate))
  // Its own network stays as it is: only the LAN is to be seen through the tunnel.
  const settings = ['--pull-filter', 'ignore', 'redirect-gateway', '--route', '10.20.0.0', '255.255.255.0']
  // While somebody else floods the gateway with openings, it takes few; a thief tries again.
  const command = [...words, ...settings, '--hand-window', '10', '--connect-retry', '1', '2']
  const readyMsMax = 0.7 * (scene.endAtMs - Date.now())
  const tool = `openvpn with the certificate of ${stolen.name}`
  await blameBoth(scene, { line: actor.address, inner: stolen.address, tool }, () => (
    beside(begin(scene, actor, { command, ready: 'Initialization Sequence Completed', readyMsMax }), (thief) => (
      lookAround(scene, actor, () => thief.output().slice(-800))
    ))
  ))
}

/** What strangers do to the gateway's VPN servers. */
export const VPN_ABUSE: readonly Attack[] = [
  ...VPN_FLOODS,
  { ...OUTSIDE, name: 'wireguard-go-key-guessing', tool: 'wireguard-go', corpora: ['train'], seconds: 150, play: guessWireGuardKeys },
  { ...OUTSIDE, name: 'openvpn-foreign-certificate', tool: 'openvpn', corpora: ['train'], seconds: 150, play: guessOpenVpnCertificates },
  { ...OUTSIDE, name: 'wireguard-go-stolen-key', tool: 'wireguard-go', corpora: ['train'], seconds: 240, play: stealWireGuardKey },
  {
    ...OUTSIDE, name: 'openvpn-stolen-certificate', tool: 'openvpn-stolen', corpora: ['test'], seconds: 240,
    play: stealOpenVpnCertificate,
  },
]
