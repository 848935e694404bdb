/** What a flow speaks, in EVE: Suricata's objects where it has the field, the rest for the object `phantommesh`. */
import type { FlowMetadata, FlowRecord } from '../flows/index.ts'

/** As Suricata's SSLVersionToString. */
const TLS_VERSIONS: Readonly<Record<number, string>> = {
  0x0300: 'SSLv3', 0x0301: 'TLSv1', 0x0302: 'TLS 1.1', 0x0303: 'TLS 1.2', 0x0304: 'TLS 1.3',
}
const QUIC_V2 = 0x6b3343cf
const QUIC_DRAFT = 0xff000000

/** EVE's `app_proto`, `tls` and `quic`; nothing where the flow did not show what it speaks. */
export function applicationObjects({ metadata }: FlowRecord): object {
  if (metadata === undefined) return {}
  const { application, tls, quicVersion } = metadata
  return {
    app_proto: application,
    ...(tls === undefined || quicVersion !== undefined ? {} : { tls: { version: tlsVersionName(tls), ...ja4Of(tls) } }),
    ...(quicVersion === undefined ? {} : { quic: { version: quicVersionName(quicVersion), ...(tls === undefined ? {} : ja4Of(tls)) } }),
  }
}

/** The part of `phantommesh`: snake_case names of the metadata that EVE has no field for. */
export function metadataObject({ metadata, nameLookup }: FlowRecord): object {
  const lookup = nameLookup === 'unseen' ? {} : { looked_up: nameLookup === 'lookedUp' }
  if (metadata === undefined) return lookup
  const { application: _application, tls, quicVersion: _quicVersion, ...parts } = metadata
  return { ...lookup, ...(tls === undefined ? {} : { tls: tlsPart(tls) }), ...snakeCased(parts) }
}

type Tls = NonNullable<FlowMetadata['tls']>

function ja4Of({ ja4 }: Tls): object {
  return ja4 === '' ? {} : { ja4 }
}

function tlsVersionName({ chosenVersion, offeredVersion }: Tls): string {
  const version = chosenVersion === 0 ? offeredVersion : chosenVersion
  return TLS_VERSIONS[version] ?? `0x${version.toString(16).padStart(4, '0')}`
}

function quicVersionName(version: number): string {
  if (version === QUIC_V2) return '2'
  return version >= QUIC_DRAFT ? `draft-${version - QUIC_DRAFT}` : String(version)
}

function tlsPart({ hasServerName, serverNameOctets, alpn, offeredVersion, chosenVersion, cipherSuite }: Tls): object {
  return {
    has_server_name: hasServerName,
    server_name_octets: serverNameOctets,
    alpn,
    offered_version: offeredVersion,
    chosen_version: chosenVersion,
    cipher_suite: cipherSuite,
  }
}

/** Names in snake_case, as all of EVE; lists and values as they are. */
function snakeCased(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([name, each]: [string, unknown]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    typeof each === 'object' && each !== null && !Array.isArray(each) ? snakeCased(each) : each,
  ]))
}
