// A daemon that cannot start: interfaces, privileges, filter, store, sockets. Each in a network namespace of its own.
import { createServer } from 'node:net'
import path from 'node:path'
import { migrations } from '../../agent/storage/migrations.ts'
import { openLevelStore } from '../../agent/storage/index.ts'
import type { BrokenInput, InputGroup, Workplace } from './input.ts'

const CAPTURE = path.resolve(import.meta.dirname, '../../tests/fixtures/demo/gateway.pcap.gz')
/** Root without the one capability, as a unit that forgot AmbientCapabilities. */
const WITHOUT_NET_RAW = ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw']

interface Daemon {
  readonly name: string
  readonly settings: string
  readonly says: readonly string[]
  readonly exitCode?: number
  readonly prefix?: readonly string[]
}

/** Through `phantomd run`, and `replay --state` for the store. */
export async function daemonInputs(place: Workplace): Promise<InputGroup> {
  const held = await openLevelStore(path.join(place.folder, 'held'))
  const newer = await openLevelStore(path.join(place.folder, 'newer'), [...migrations, async () => []])
  await newer.close()
  place.file('plain', 'words\n')
  const socketPath = path.join(place.folder, 'taken.sock')
  const listener = createServer((socket) => socket.end()).listen(socketPath)
  const loopback = 'capture: {interfaces: [lo]}'
  const replayState = (name: string, state: string, ...says: readonly string[]): BrokenInput => (
    { name: `store: ${name}`, command: ['bin/phantomd', 'replay', CAPTURE, '--state', state], exitCode: 1, says: [state, ...says] }
  )
  const daemons: readonly Daemon[] = [
    { name: 'interface missing', settings: 'capture: {interfaces: [nic7]}', says: ['nic7: there is no such network interface', 'ip link'] },
    { name: 'no interface and no default route', settings: '', says: ['capture.interfaces', 'name an interface'] },
    { name: 'no CAP_NET_RAW', settings: loopback, says: ['lo: capturing needs CAP_NET_RAW'], exitCode: 4, prefix: WITHOUT_NET_RAW },
    { name: 'bad BPF filter', settings: 'capture: {interfaces: [lo], filter: "tcp prot 80"}', says: ['tcp prot 80'] },
    {
      name: 'state directory in use', settings: `${loopback}\npaths: {state: ${place.folder}/held}`,
      says: ['held', 'another instance uses'],
    },
    {
      name: 'state of a newer schema', settings: `${loopback}\npaths: {state: ${place.folder}/newer}`,
      says: ['newer', 'Start the newer agent'],
    },
    {
      name: 'event log in no folder', settings: `${loopback}\npaths: {events: ${place.folder}/plain/eve.json}`,
      says: ['plain', 'cannot be written'],
    },
    {
      name: 'control socket in use', settings: `${loopback}\npaths: {socket: ${socketPath}}`,
      says: ['taken.sock', 'another daemon answers'],
    },
    { name: 'control socket in no folder', settings: `${loopback}\npaths: {socket: ${place.folder}/plain/agent.sock}`, says: ['plain'] },
  ]
  const started = place.isRoot ? daemons.map((daemon, index) => asInput(place, daemon, index)) : []
  return {
    inputs: [
      replayState('in use', 'held', 'another instance uses'),
      replayState('of a newer schema', 'newer', 'Start the newer agent'),
      replayState('a file', 'plain', 'cannot be opened'),
      ...started,
    ],
    async close() {
      listener.close()
      await held.close()
    },
  }
}

function asInput(place: Workplace, { name, settings, says, exitCode = 1, prefix = [] }: Daemon, index: number): BrokenInput {
  const own = `${place.folder}/d${index}`
  const paths = { state: `${own}/state`, socket: `${own}/agent.sock`, events: `${own}/eve.json`, enforcerSocket: `${own}/enforcer.sock` }
  const told = /^paths: \{(\w+): (.*)\}$/m.exec(settings)
  const all = { ...paths, ...(told === null ? {} : { [told[1]!]: told[2] }) }
  const lines = Object.entries(all).map(([key, value]) => `  ${key}: ${value}`).join('\n')
  const config = place.file(`d${index}.yaml`, `${settings.replace(/^paths: .*$/m, '')}\npaths:\n${lines}\n`)
  return { name: `run: ${name}`, command: ['unshare', '--net', ...prefix, 'bin/phantomd', 'run', '--config', config], exitCode, says }
}
