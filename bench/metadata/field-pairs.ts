// Which of tshark's fields says the same as which of ours, and how both are written to be compared.

/** A frame as native/tools/read_metadata.cc prints it. */
export interface OurFrame {
  readonly frame: number
  readonly dns?: {
    readonly id: number
    readonly isCut: number
    readonly rcode: number
    readonly answers: number
    readonly type?: number
    readonly nameHash?: number
    readonly addresses: readonly string[]
  }
  readonly ssh?: { readonly isBanner: number, readonly type: number, readonly softwareHash: number }
  readonly http?: { readonly method: string, readonly status: number }
  readonly ftp?: { readonly reply: number, readonly isUser: number, readonly dataPort: number }
  readonly smtp?: { readonly reply: number, readonly phase: number }
  readonly echo?: { readonly isReply: number, readonly identifier: number, readonly sequence: number }
  readonly vpn?: { readonly application: number, readonly type: number, readonly step: number }
}

/** A frame's fields by name, occurrences with `|` between them; '' where there is none. */
export type TsharkFrame = Readonly<Record<string, string>>

/** One thing that both read; undefined where one did not. */
export interface FieldPair {
  readonly name: string
  theirs(frame: TsharkFrame): string | undefined
  ours(frame: OurFrame): string | undefined
}

export const TSHARK_FIELDS = [
  'frame.number', 'frame.protocols', 'dns.id', 'dns.flags.response', 'dns.qry.name', 'dns.qry.type', 'dns.flags.rcode',
  'dns.count.answers', 'dns.count.queries', 'dns.a', 'dns.aaaa', 'ssh.protocol', 'ssh.message_code', 'http.request.method',
  'http.response.code', 'ftp.request.command', 'ftp.response.code', 'ftp.passive.port', 'ftp.active.port', 'ftp.eprt.port',
  'ftp.epsv.port', 'smtp.req.command', 'smtp.response.code', 'icmp.type', 'icmp.ident', 'icmp.seq', 'icmpv6.type',
  'icmpv6.echo.identifier', 'icmpv6.echo.sequence_number', 'wg.type', 'openvpn.opcode', 'isakmp.exchangetype',
]

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])
const PHASES = new Map(Object.entries({
  STAR: 3 /* the first four letters */, HELO: 2, EHLO: 2, AUTH: 4, MAIL: 5, RCPT: 6, DATA: 7, BDAT: 7, QUIT: 8,
}))
/** native/src/metadata/packet_metadata.h, Application. */
const WIREGUARD = 10
const OPENVPN = 11
const IKE = 12

export const FIELDS: readonly FieldPair[] = [
  { name: 'dns.id', theirs: (frame) => number(frame, 'dns.id'), ours: ({ dns }) => text(dns?.id) },
  {
    name: 'dns.qry.name (hash)',
    theirs: (frame) => (first(frame, 'dns.qry.name') === undefined ? undefined : text(hashOfName(first(frame, 'dns.qry.name')!))),
    ours: ({ dns }) => text(dns?.nameHash),
  },
  { name: 'dns.qry.type', theirs: (frame) => number(frame, 'dns.qry.type'), ours: ({ dns }) => text(dns?.type) },
  {
    name: 'dns.flags.rcode',
    theirs: (frame) => number(frame, 'dns.flags.rcode'),
    ours: ({ dns }) => (dns === undefined || dns.rcode < 0 ? undefined : text(dns.rcode)),
  },
  { name: 'dns.count.answers', theirs: (frame) => number(frame, 'dns.count.answers'), ours: ({ dns }) => text(dns?.answers) },
  { name: 'ssh.protocol', theirs: (frame) => mark(first(frame, 'ssh.protocol')), ours: ({ ssh }) => mark(ssh?.isBanner || undefined) },
  {
    name: 'ssh.message_code',
    theirs: (frame) => keyExchangeOf(number(frame, 'ssh.message_code')),
    ours: ({ ssh }) => text(ssh?.type || undefined),
  },
  {
    name: 'http.request.method',
    theirs: (frame) => methodOf(first(frame, 'http.request.method')),
    ours: ({ http }) => http?.method || undefined,
  },
  {
    name: 'http.response.code',
    theirs: (frame) => number(frame, 'http.response.code'),
    ours: ({ http }) => text(http?.status || undefined),
  },
  {
    name: 'ftp.request.command',
    theirs: (frame) => loginOf(first(frame, 'ftp.request.command')),
    ours: ({ ftp }) => (ftp === undefined || ftp.reply > 0 ? undefined : ftp.isUser > 0 ? 'login' : 'other'),
  },
  { name: 'ftp.response.code', theirs: (frame) => number(frame, 'ftp.response.code'), ours: ({ ftp }) => text(ftp?.reply || undefined) },
  {
    name: 'ftp data port',
    theirs: (frame) => ['ftp.passive.port', 'ftp.active.port', 'ftp.eprt.port', 'ftp.epsv.port']
      .map((name) => number(frame, name)).find((port) => port !== undefined),
    ours: ({ ftp }) => text(ftp?.dataPort || undefined),
  },
  {
    name: 'smtp.req.command',
    theirs: (frame) => phaseOf(first(frame, 'smtp.req.command')),
    ours: ({ smtp }) => (smtp === undefined || smtp.reply > 0 ? undefined : text(smtp.phase)),
  },
  {
    name: 'smtp.response.code',
    theirs: (frame) => number(frame, 'smtp.response.code'),
    ours: ({ smtp }) => text(smtp?.reply || undefined),
  },
  {
    name: 'icmp ident',
    theirs: (frame) => echoOf(frame, 'icmp.ident', 'icmpv6.echo.identifier'),
    ours: ({ echo }) => known(echo?.identifier),
  },
  {
    name: 'icmp seq',
    theirs: (frame) => echoOf(frame, 'icmp.seq', 'icmpv6.echo.sequence_number'),
    ours: ({ echo }) => known(echo?.sequence),
  },
  { name: 'wg.type', theirs: (frame) => number(frame, 'wg.type'), ours: ({ vpn }) => typeOf(vpn, WIREGUARD) },
  { name: 'openvpn.opcode', theirs: (frame) => number(frame, 'openvpn.opcode'), ours: ({ vpn }) => typeOf(vpn, OPENVPN) },
  { name: 'isakmp.exchangetype', theirs: (frame) => number(frame, 'isakmp.exchangetype'), ours: ({ vpn }) => typeOf(vpn, IKE) },
]

function first(frame: TsharkFrame, name: string): string | undefined {
  const value = frame[name] ?? ''
  return value === '' ? undefined : value.split('|')[0]
}

/** tshark writes some numbers in hexadecimal. */
function number(frame: TsharkFrame, name: string): string | undefined {
  const value = first(frame, name)
  return value === undefined ? undefined : String(Number(value))
}

const text = (value: number | undefined) => (value === undefined ? undefined : String(value))
const known = (value: number | undefined) => (value === undefined || value < 0 ? undefined : String(value))
const mark = (value: unknown) => (value === undefined ? undefined : 'yes')
const typeOf = (vpn: OurFrame['vpn'], application: number) => (vpn?.application === application ? String(vpn.type) : undefined)

/** Without reassembly tshark reads messages out of ciphertext and out of the rest of long ones: numbers that no key exchange has. */
function keyExchangeOf(code: string | undefined): string | undefined {
  return Number(code) >= 20 && Number(code) <= 49 ? code : undefined
}

function methodOf(method: string | undefined): string | undefined {
  return method === undefined || KNOWN_METHODS.has(method) ? method : 'other'
}

function loginOf(command: string | undefined): string | undefined {
  if (command === undefined) return undefined
  return ['USER', 'PASS'].includes(command.toUpperCase()) ? 'login' : 'other'
}

function phaseOf(command: string | undefined): string | undefined {
  return command === undefined ? undefined : String(PHASES.get(command.toUpperCase()) ?? 0)
}

/** Only of an echo, not of one that an error quotes. */
function echoOf(frame: TsharkFrame, name: string, name6: string): string | undefined {
  if (['0', '8'].includes(first(frame, 'icmp.type') ?? '')) return number(frame, name)
  return ['128', '129'].includes(first(frame, 'icmpv6.type') ?? '') ? number(frame, name6) : undefined
}

/** hashOctets of native/src/metadata/text_measures.cc, over the name as text in lower case; tshark escapes octets as `\\ooo`. */
function hashOfName(name: string): number {
  const text = name.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)))
  const bytes = Buffer.from(name === '<Root>' ? '' : text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()), 'latin1')
  let hash = BigInt(bytes.length)
  for (let at = 0; at < bytes.length; at += 8) {
    const word = Buffer.alloc(8)
    bytes.copy(word, 0, at, at + 8)
    hash = mix(hash, word.readBigUInt64LE())
  }
  hash = mix(hash, 0n)
  return Number((hash ^ (hash >> 32n)) & 0xffffffffn)
}

function mix(a: bigint, b: bigint): bigint {
  const product = (a ^ 0xa0761d6478bd642fn) * (b ^ 0xe7037ed1a0b428dbn)
  return BigInt.asUintN(64, product) ^ (product >> 64n)
}
