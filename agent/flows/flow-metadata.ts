/** What a flow's packets showed of the protocol it speaks: numbers, kinds and one fingerprint, no payload. */
import type { EventLayout } from '../capture/index.ts'
import { elementOffsets, RecordView } from '../kit/index.ts'
import type { SharedRecords } from '../kit/index.ts'

/** `Application` of native/src/metadata/packet_metadata.h, in its order; Suricata's `app_proto` where it has the protocol. */
const APPLICATIONS = [
  undefined, 'dns', 'tls', 'quic', 'ssh', 'http', 'ftp', 'ftp-data', 'smtp', 'icmp-echo', 'wireguard', 'openvpn', 'ike', 'esp-in-udp',
] as const

/** What a flow speaks, as its packets showed; never by the port alone. */
export type Application = Exclude<(typeof APPLICATIONS)[number], undefined>

const HTTP_METHODS = [
  undefined, 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'other',
] as const
const SMTP_PHASES = [undefined, 'banner', 'hello', 'starttls', 'auth', 'mail', 'recipient', 'data', 'quit'] as const

/** Questions and answers of a DNS flow. Entropy in bits an octet; means over queries. */
export interface DnsMetadata {
  readonly queries: number
  readonly responses: number
  /** NXDOMAIN. */
  readonly nameErrors: number
  readonly nameOctetsMean: number
  readonly nameOctetsMax: number
  readonly nameEntropyMean: number
  readonly labelsMean: number
  /** Estimate, good up to about a thousand. */
  readonly distinctNames: number
  /** IANA DNS RR TYPE of the last question. */
  readonly queryType: number
  readonly responseCode: number
  /** RDATA octets of answer sections. */
  readonly answerOctets: number
}

/** The hellos of TLS, over TCP or in QUIC. Versions as on the wire: 0x0304 is TLS 1.3; 0 was not seen. */
export interface TlsMetadata {
  readonly offeredVersion: number
  readonly chosenVersion: number
  readonly cipherSuite: number
  readonly hasServerName: boolean
  readonly serverNameOctets: number
  /** The protocol chosen in clear text, else the first offered, cut at 11 octets; '' none. */
  readonly alpn: string
  /** FoxIO JA4 of the client; '' where its hello was not whole. */
  readonly ja4: string
}

/** Metadata of one flow; each part is there only where the flow showed it. */
export interface FlowMetadata {
  readonly application: Application
  readonly dns?: DnsMetadata
  readonly tls?: TlsMetadata
  /** As on the wire: 1, 0x6b3343cf ... */
  readonly quicVersion?: number
  readonly ssh?: {
    readonly hasClientBanner: boolean
    readonly hasServerBanner: boolean
    /** Hashes of `softwareversion`, [client, server]. */
    readonly softwareHashes: readonly [number, number]
    /** TCP payload of the first packets after NEWKEYS, which carry the authentication; negative: from the server. */
    readonly authOctets: readonly number[]
  }
  readonly http?: {
    readonly method: string | undefined
    readonly requests: number
    /** Responses 1xx to 5xx. */
    readonly statusClasses: readonly number[]
    readonly targetOctetsMax: number
    readonly targetEntropyMax: number
  }
  /** FTP and SMTP. */
  readonly login?: { readonly attempts: number; readonly failures: number }
  readonly smtp?: { readonly phase: string | undefined; readonly recipients: number; readonly rejections: number }
  /** ftp-data: the flowId of the control connection that announced it. */
  readonly parentFlowId?: number
  readonly echo?: {
    readonly identifier: number
    readonly sequence: number
    readonly requests: number
    readonly replies: number
    /** Replies that did not carry their request's payload back. */
    readonly mismatches: number
    readonly octetsMax: number
  }
  readonly vpn?: {
    /** Of the last message: WireGuard's type, OpenVPN's opcode, IKE's exchange type. */
    readonly messageType: number
    readonly requests: number
    readonly answers: number
    readonly completions: number
    readonly refusals: number
    readonly handshake: VpnHandshake
  }
}

/** What became of a VPN's handshake: nothing seen of one, asked without answer, answered, completed, refused. */
export type VpnHandshake = 'none' | 'unanswered' | 'answered' | 'complete' | 'refused'

/** Reads the metadata of event `index`; undefined where the flow showed nothing. */
export function createMetadataReader(layout: EventLayout): (batch: SharedRecords, index: number) => FlowMetadata | undefined {
  const view = new RecordView(layout)
  const at = resolveOffsets(layout)
  return (batch, index) => {
    view.select(batch, index)
    const application = APPLICATIONS[view.u8(at.application)]
    return application === undefined ? undefined : { application, ...partsOf(application, view, at) }
  }
}

type Offsets = ReturnType<typeof resolveOffsets>

function partsOf(application: Application, view: RecordView, at: Offsets): Omit<FlowMetadata, 'application'> {
  // A hello comes in flows of TLS and QUIC, and in those that began in clear text (STARTTLS).
  const hasHello = view.u16(at.tlsVersion) !== 0 || view.u16(at.tlsVersion + 1) !== 0
  return { ...(hasHello ? { tls: tlsOf(view, at) } : {}), ...PARTS[application](view, at) }
}

type Part = (view: RecordView, at: Offsets) => Omit<FlowMetadata, 'application'>

const vpnPart: Part = (view, at) => ({ vpn: vpnOf(view, at) })

const PARTS: Readonly<Record<Application, Part>> = {
  'dns': (view, at) => ({ dns: dnsOf(view, at) }),
  'tls': () => ({}),
  'quic': (view, at) => ({ quicVersion: view.u32(at.quicVersion) }),
  'ssh': (view, at) => ({ ssh: sshOf(view, at) }),
  'http': (view, at) => ({ http: httpOf(view, at) }),
  'ftp': (view, at) => ({ login: loginOf(view, at) }),
  'ftp-data': (view, at) => ({ parentFlowId: view.f64(at.parentFlowId) }),
  'smtp': (view, at) => ({ login: loginOf(view, at), smtp: smtpOf(view, at) }),
  'icmp-echo': (view, at) => ({ echo: echoOf(view, at) }),
  'wireguard': vpnPart,
  'openvpn': vpnPart,
  'ike': vpnPart,
  'esp-in-udp': vpnPart,
}

function dnsOf(view: RecordView, at: Offsets): DnsMetadata {
  return {
    queries: view.u32(at.dnsQueries),
    responses: view.u32(at.dnsResponses),
    nameErrors: view.u32(at.dnsNameErrors),
    nameOctetsMean: view.f32(at.dnsNameOctetsMean),
    nameOctetsMax: view.u16(at.dnsNameOctetsMax),
    nameEntropyMean: view.f32(at.dnsNameEntropyMean),
    labelsMean: view.f32(at.dnsLabelsMean),
    distinctNames: view.f32(at.dnsDistinctNames),
    queryType: view.u16(at.dnsQueryType),
    responseCode: view.u8(at.dnsResponseCode),
    answerOctets: view.u32(at.dnsAnswerOctets),
  }
}

function tlsOf(view: RecordView, at: Offsets): TlsMetadata {
  return {
    offeredVersion: view.u16(at.tlsVersion),
    chosenVersion: view.u16(at.tlsVersion + 1),
    cipherSuite: view.u16(at.tlsCipherSuite),
    hasServerName: view.u8(at.tlsHasServerName) !== 0,
    serverNameOctets: view.u16(at.tlsServerNameOctets),
    alpn: textAt(view, at.tlsAlpn, 12),
    ja4: textAt(view, at.tlsJa4, 36),
  }
}

function sshOf(view: RecordView, at: Offsets): NonNullable<FlowMetadata['ssh']> {
  const banners = view.u8(at.sshBanners)
  const authOctets = Array.from({ length: 8 }, (_, index) => view.i16(at.sshAuthOctets + index)).filter((octets) => octets !== 0)
  return {
    hasClientBanner: (banners & 1) !== 0,
    hasServerBanner: (banners & 2) !== 0,
    softwareHashes: [view.u32(at.sshSoftwareHash), view.u32(at.sshSoftwareHash + 1)],
    authOctets,
  }
}

function httpOf(view: RecordView, at: Offsets): NonNullable<FlowMetadata['http']> {
  return {
    method: HTTP_METHODS[view.u8(at.httpMethod)],
    requests: view.u16(at.httpRequests),
    statusClasses: Array.from({ length: 5 }, (_, index) => view.u16(at.httpStatusClasses + index)),
    targetOctetsMax: view.u16(at.httpTargetOctetsMax),
    targetEntropyMax: view.f32(at.httpTargetEntropyMax),
  }
}

function loginOf(view: RecordView, at: Offsets): NonNullable<FlowMetadata['login']> {
  return { attempts: view.u16(at.loginAttempts), failures: view.u16(at.loginFailures) }
}

function smtpOf(view: RecordView, at: Offsets): NonNullable<FlowMetadata['smtp']> {
  return {
    phase: SMTP_PHASES[view.u8(at.smtpPhase)], recipients: view.u16(at.smtpRecipients), rejections: view.u16(at.smtpRejections),
  }
}

function echoOf(view: RecordView, at: Offsets): NonNullable<FlowMetadata['echo']> {
  return {
    identifier: view.u16(at.icmpEchoIdentifier),
    sequence: view.u16(at.icmpEchoSequence),
    requests: view.u32(at.icmpEchoRequests),
    replies: view.u32(at.icmpEchoReplies),
    mismatches: view.u32(at.icmpEchoMismatches),
    octetsMax: view.u16(at.icmpEchoOctetsMax),
  }
}

function vpnOf(view: RecordView, at: Offsets): NonNullable<FlowMetadata['vpn']> {
  const counts = {
    requests: view.u16(at.vpnRequests),
    answers: view.u16(at.vpnAnswers),
    completions: view.u16(at.vpnCompletions),
    refusals: view.u16(at.vpnRefusals),
  }
  return { messageType: view.u8(at.vpnMessageType), ...counts, handshake: outcomeOf(counts) }
}

function outcomeOf({ requests, answers, completions, refusals }: {
  requests: number, answers: number, completions: number, refusals: number
}): VpnHandshake {
  if (completions > 0) return 'complete'
  if (answers > 0) return 'answered'
  if (refusals > 0) return 'refused'
  return requests > 0 ? 'unanswered' : 'none'
}

/** Text that is filled up with zeros. */
function textAt(view: RecordView, offset: number, count: number): string {
  const octets = view.bytes(offset, count)
  const end = octets.indexOf(0)
  return String.fromCharCode(...octets.subarray(0, end < 0 ? count : end))
}

function resolveOffsets(layout: EventLayout) {
  return {
    ...elementOffsets(layout, 'f64', ['parentFlowId']),
    ...elementOffsets(layout, 'f32', [
      'dnsNameOctetsMean', 'dnsNameEntropyMean', 'dnsLabelsMean', 'dnsDistinctNames', 'httpTargetEntropyMax',
    ]),
    ...elementOffsets(layout, 'u32', [
      'dnsQueries', 'dnsResponses', 'dnsNameErrors', 'dnsAnswerOctets', 'quicVersion', 'sshSoftwareHash', 'icmpEchoRequests',
      'icmpEchoReplies', 'icmpEchoMismatches',
    ]),
    ...elementOffsets(layout, 'i16', ['sshAuthOctets']),
    ...elementOffsets(layout, 'u16', [
      'dnsQueryType', 'dnsNameOctetsMax', 'tlsVersion', 'tlsCipherSuite', 'tlsServerNameOctets', 'httpRequests', 'httpStatusClasses',
      'httpTargetOctetsMax', 'loginAttempts', 'loginFailures', 'smtpRecipients', 'smtpRejections', 'icmpEchoIdentifier',
      'icmpEchoSequence', 'icmpEchoOctetsMax', 'vpnRequests', 'vpnAnswers', 'vpnCompletions', 'vpnRefusals',
    ]),
    ...elementOffsets(layout, 'u8', [
      'application', 'dnsResponseCode', 'tlsHasServerName', 'tlsAlpn', 'tlsJa4', 'httpMethod', 'sshBanners', 'smtpPhase',
      'vpnMessageType',
    ]),
  }
}
