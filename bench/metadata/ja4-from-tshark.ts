// JA4 built from what Wireshark reads of a ClientHello, without a line of the agent's code: the yardstick of ja4-compare.ts.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'

/** A ClientHello as tshark shows it, in the frame that completed it. */
export interface PeerHello {
  readonly flow: string
  readonly ja4: string
  readonly frame: number
  /** The capture cut the frame. */
  readonly isCut: boolean
}

const LISTS = [
  'type', 'version', 'ciphersuite', 'extension.type', 'sig_hash_alg_len', 'sig_hash_alg', 'extensions.supported_version',
  'extensions_alpn_str',
] as const
const COMMON = [
  'frame.number', 'frame.len', 'frame.cap_len', 'frame.protocols', 'ip.src', 'ipv6.src', 'ip.dst', 'ipv6.dst', 'tcp.srcport', 'udp.srcport',
  'tcp.dstport', 'udp.dstport',
]
const FIELDS = [...COMMON, ...['tls', 'dtls'].flatMap((protocol) => LISTS.map((list) => `${protocol}.handshake.${list}`))]
/** IANA TLS ExtensionType values whose data is a list of signature schemes: only the first belongs into JA4. */
const WITH_SIGNATURES = new Set([13, 34, 50])
const VERSIONS: Readonly<Record<number, string>> = {
  0x0304: '13', 0x0303: '12', 0x0302: '11', 0x0301: '10', 0x0300: 's3', 0x0002: 's2', 0xfeff: 'd1', 0xfefd: 'd2', 0xfefc: 'd3',
}

/** The ClientHellos of a capture in the order of their frames. Hellos that share a frame are left out and counted. */
export async function peerHellos(capture: string): Promise<{ readonly hellos: readonly PeerHello[], readonly shared: number }> {
  const filter = 'tls.handshake.type == 1 || dtls.handshake.type == 1'
  const words = ['-n', '-r', capture, '-Y', filter, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a', '-E', 'aggregator=|']
  const child = spawn('tshark', [...words, ...FIELDS.flatMap((field) => ['-e', field])], { stdio: ['ignore', 'pipe', 'ignore'] })
  const hellos: PeerHello[] = []
  let shared = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const hello = helloOf(line)
    if (hello === undefined) shared++
    else hellos.push(hello)
  }
  return { hellos, shared }
}

function helloOf(line: string): PeerHello | undefined {
  const cells = new Map(line.split('\t').map((cell, index) => [FIELDS[index]!, cell === '' ? [] : cell.split('|')]))
  const last = (...names: readonly string[]) => names.map((name) => cells.get(name)?.at(-1)).find((value) => value !== undefined) ?? ''
  const isDtls = (cells.get('dtls.handshake.type') ?? []).includes('1')
  const list = (name: (typeof LISTS)[number]) => cells.get(`${isDtls ? 'dtls' : 'tls'}.handshake.${name}`) ?? []
  if (list('type').filter((type) => type === '1').length !== 1) return undefined
  const isUdp = cells.get('udp.srcport')?.length !== 0
  const ends = [
    `${last('ip.src', 'ipv6.src')} ${last('tcp.srcport', 'udp.srcport')}`,
    `${last('ip.dst', 'ipv6.dst')} ${last('tcp.dstport', 'udp.dstport')}`,
  ]
  const transport = isDtls ? 'd' : last('frame.protocols').includes('quic') ? 'q' : 't'
  return {
    flow: `${ends.join(' > ')} ${isUdp && transport !== 't' ? 'udp' : 'tcp'}`,
    ja4: ja4Of(transport, {
      version: numbers(list('version'))[0] ?? 0,
      suites: numbers(list('ciphersuite')),
      extensions: numbers(list('extension.type')),
      signatures: signaturesOf(numbers(list('extension.type')), numbers(list('sig_hash_alg_len')), numbers(list('sig_hash_alg'))),
      versions: numbers(list('extensions.supported_version')),
      alpn: list('extensions_alpn_str')[0] ?? '',
    }),
    frame: Number(last('frame.number')),
    isCut: last('frame.len') !== last('frame.cap_len'),
  }
}

interface HelloLists {
  readonly version: number
  readonly suites: readonly number[]
  readonly extensions: readonly number[]
  readonly signatures: readonly number[]
  readonly versions: readonly number[]
  readonly alpn: string
}

function ja4Of(transport: string, hello: HelloLists): string {
  const suites = hello.suites.filter((value) => !isGrease(value))
  const extensions = hello.extensions.filter((value) => !isGrease(value))
  const versions = hello.versions.filter((value) => !isGrease(value))
  const version = hello.extensions.includes(43) ? Math.max(0, ...versions) : hello.version
  const head = [
    transport, VERSIONS[version] ?? '00', extensions.includes(0) ? 'd' : 'i', count(suites), count(extensions), alpnPart(hello.alpn),
  ].join('')
  const kept = sorted(extensions.filter((value) => value !== 0 && value !== 16)).map((value) => hex(value)).join(',')
  const signatures = hello.signatures.filter((value) => !isGrease(value)).map((value) => hex(value)).join(',')
  const tail = kept !== '' && signatures !== '' ? `${kept}_${signatures}` : kept
  return `${head}_${hash(sorted(suites).map((value) => hex(value)).join(','))}_${hash(tail)}`
}

/** tshark shows the schemes of all extensions in one list: its parts are in the order of the extensions. */
function signaturesOf(extensions: readonly number[], lengths: readonly number[], all: readonly number[]): readonly number[] {
  const index = extensions.filter((type) => WITH_SIGNATURES.has(type)).indexOf(13)
  if (index < 0) return []
  const start = lengths.slice(0, index).reduce((sum, length) => sum + length / 2, 0)
  return all.slice(start, start + (lengths[index] ?? 0) / 2)
}

function alpnPart(alpn: string): string {
  if (alpn === '') return '00'
  const bytes = Buffer.from(alpn, 'latin1')
  const ends = [alpn[0]!, alpn.at(-1)!]
  if (ends.every((character) => /[0-9A-Za-z]/.test(character))) return ends.join('')
  const text = bytes.toString('hex')
  return text[0]! + text.at(-1)!
}

function hash(text: string): string {
  return text === '' ? '000000000000' : createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function count(values: readonly number[]): string {
  return String(Math.min(values.length, 99)).padStart(2, '0')
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b)
}

function hex(value: number): string {
  return value.toString(16).padStart(4, '0')
}

function numbers(texts: readonly string[]): number[] {
  return texts.map(Number)
}

function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff)
}
