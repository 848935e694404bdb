// Configurations: every way to write one wrongly leaves with 5, and the message has file, line and column.
import { asNobody } from './captures.ts'
import { nothingToClose } from './input.ts'
import type { BrokenInput, InputGroup, Workplace } from './input.ts'

/** Name, text of agent.yaml, line at fault, and words of the answer. */
const WRONG: readonly (readonly [name: string, text: string, line: number, ...says: string[]])[] = [
  ['unknown key', 'mode: observe\nmetering: {}\n', 2, 'metering'],
  ['key misspelt', 'meter:\n  flowMax: 100000\n', 2, 'flowsMax'],
  ['key of another section', 'flowsMax: 100000\n', 1, 'flowsMax'],
  ['wrong type', 'meter:\n  flowsMax: many\n', 2, 'meter.flowsMax'],
  ['list where a section belongs', 'meter: [1]\n', 1, 'meter'],
  ['out of range, below', 'meter:\n  idleTimeoutMs: 1\n', 2, 'meter.idleTimeoutMs', '1000'],
  ['out of range, above', 'scoring:\n  eventsPerSecond: 1000000000\n', 2, 'scoring.eventsPerSecond', '1000000'],
  ['not a number but NaN', 'decision:\n  corroborationMin: .nan\n', 2, 'corroborationMin', 'is NaN'],
  ['unknown mode', 'mode: protect\n', 1, 'enforce'],
  ['duplicate key', 'mode: observe\nmode: enforce\n', 2, 'mode'],
  ['tab as indentation', 'meter:\n\tflowsMax: 100000\n', 2],
  ['bad indentation', 'meter:\n  flowsMax: 1000\n hostsMax: 1000\n', 3],
  ['unclosed bracket', 'home: [10.0.0.0/8\n', 2],
  ['bad prefix', 'response:\n  neverBlock:\n    - 10.0.0.0/33\n', 3, 'neverBlock[0] is no address or prefix'],
  ['bad side of an interface', 'capture:\n  interfaces:\n    - {name: wg0, side: up}\n', 3, 'side', 'inner'],
  ['interface name too long', 'capture:\n  interfaces: [aninterfacenamethatislong]\n', 2, 'interfaces'],
  ['two documents', 'mode: observe\n---\nmode: off\n', 2],
  ['no mapping', '- mode\n', 1],
  ['bad address to listen on', 'metrics:\n  listen: everywhere\n', 2, 'metrics.listen'],
  ['socket path too long', `paths:\n  socket: /run/${'x'.repeat(120)}.sock\n`, 2, 'paths.socket', '107'],
  ['bad public key', 'models:\n  trustedKeys: [abc]\n', 2, 'trustedKeys'],
  ['alias to nothing', 'home: *prefixes\n', 1],
  ['two things wrong', 'mode: protect\nmeter:\n  flowsMax: many\n', 3, 'mode'],
]

/** Through `phantomd check`; what it says is what `run` and `replay` say. */
export async function configInputs(place: Workplace): Promise<InputGroup> {
  const wrong = WRONG.map(([name, text, line, ...says], index): BrokenInput => {
    const file = place.file(`config-${index}/agent.yaml`, text)
    return {
      name: `configuration: ${name}`, exitCode: 5, says: [`${file}:${line}:`, ...says],
      command: ['bin/phantomd', 'check', '--config', file],
    }
  })
  const check = (name: string, file: string, says: readonly string[]): BrokenInput => (
    { name: `configuration: ${name}`, command: ['bin/phantomd', 'check', '--config', file], exitCode: 5, says: [file, ...says] }
  )
  const secret = check('unreadable (mode 000)', place.file('secret.yaml', 'mode: observe\n', 0o000), ['permission denied'])
  place.file('parts/agent.yaml', 'mode: observe\n')
  const part = place.file('parts/conf.d/10-site.yaml', 'mode: loud\n')
  const inputs = [
    ...wrong,
    check('missing file', `${place.folder}/absent.yaml`, ['there is no such file']),
    check('folder instead of a file', place.folder, ['it is no regular file']),
    { ...secret, command: [...asNobody(place), ...secret.command] },
    check('not UTF-8', place.file('latin.yaml', Uint8Array.of(0x6d, 0xe4, 0x3a, 0x20, 0x31)), ['it is not UTF-8 text']),
    check('5 MB of it', place.file('huge.yaml', '# '.repeat(2_600_000)), ['it is larger than']),
    { ...check('error in conf.d', `${place.folder}/parts/agent.yaml`, []), says: [`${part}:1:`, 'enforce'] },
    {
      name: 'configuration: replay says the same', exitCode: 5, says: ['config-8/agent.yaml:1:'],
      command: ['bin/phantomd', 'replay', 'x.pcap', '--config', `${place.folder}/config-8/agent.yaml`],
    },
  ]
  return { inputs, close: nothingToClose }
}
