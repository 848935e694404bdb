/** What is captured, how much of it is remembered, and how much of it is judged. */
import { z } from 'zod'
import { interfacePattern, milliseconds, prefix } from './setting-types.ts'

/** The protected side of the gateway. */
export const homeSetting = () =>
  z.array(prefix()).max(256).default(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'])
    .describe('The protected side, as prefixes. Default: private addresses (RFC 1918), carrier-grade NAT (RFC 6598) and unique local ' +
      'addresses (RFC 4193). At most 256.')

const captureInterface = z.union([
  interfacePattern().transform((name) => ({ name, side: 'outer' as const, optional: false })),
  z.strictObject({
    name: interfacePattern().describe('The interface, as `ip link` names it, or a pattern: `wg*`.'),
    side: z.enum(['outer', 'inner']).default('outer').describe('outer: where strangers come from; inner: where a tunnel ends.'),
    optional: z.boolean().default(false)
      .describe('It may be missing when the agent starts, and is watched when it comes. A pattern always may.'),
  }),
], { error: 'must be a name or {name: wg0, side: inner}' })

/** Where packets come from. */
export const captureSettings = () => z.strictObject({
  interfaces: z.array(captureInterface).max(16).prefault([])
    .describe('Interfaces to watch: names (outer side) or {name: wg0, side: inner, optional: true}. At most 16. A name must be there at ' +
      'the start unless it is optional; wg* watches every interface that begins so, as they come, at most 16 at once. Empty: the ' +
      'interface of the default route.'),
  backend: z.enum(['native', 'node-pcap']).default('native')
    .describe('native: the agent reads the kernel ring itself. node-pcap: libpcap does, through the optional npm package pcap; slower, ' +
      'for comparison and for kernels on which the other does not run. docs/live-capture.md compares them.'),
  filter: z.string().max(4_096).default('')
    .describe('A BPF filter as in pcap-filter(7). What it keeps out is neither metered nor judged. Empty: everything.'),
  ringBytes: z.int().min(1_048_576).max(1_073_741_824).default(33_554_432)
    .describe('Memory of the kernel ring of each interface, 1 MiB to 1 GiB. 32 MiB in blocks retired every millisecond bridge half ' +
      'a second in which the agent does not run.'),
}).prefault({}).describe('Where packets come from.')

/** What the meter remembers. */
export const meterSettings = () => z.strictObject({
  flowsMax: z.int().min(1_024).max(8_388_608).default(1_048_576)
    .describe('Flows remembered at once. At the limit the longest idle one ends early with lackOfResources, counted. 128 bytes ' +
      'each and 256 more from the fourth packet on, touched only as flows come.'),
  hostsMax: z.int().min(1_024).max(4_194_304).default(65_536)
    .describe('Hosts with counters, as source and as destination. At the limit the least recently seen is forgotten, counted.'),
  pairsMax: z.int().min(1_024).max(4_194_304).default(65_536)
    .describe('(source, destination) pairs with counters. At the limit the least recently seen is forgotten, counted.'),
  idleTimeoutMs: milliseconds(1_000, 600_000).default(120_000)
    .describe('A flow silent for this long has ended, 1 s to 10 min. 120 s: the least UDP NAT timeout of RFC 4787, REQ-5.'),
  activeTimeoutMs: milliseconds(10_000, 86_400_000).default(1_800_000)
    .describe('A flow that lives longer is reported and starts a new record, 10 s to 24 h. 1800 s: the customary value of flow exporters.'),
}).prefault({}).describe('What the flow meter remembers. Every table is bounded.')

/** How much is judged. */
export const scoringSettings = () => z.strictObject({
  eventsPerSecond: z.int().min(100).max(1_000_000).default(20_000)
    .describe('Events judged in a second of packet time, 100 to 1000000. Past it events are shed fairly by source and counted; counters ' +
      'and ' +
      'sketches still see every packet.'),
  entitiesMax: z.int().min(1_024).max(1_048_576).default(65_536)
    .describe('Entities whose evidence and sequence of events are remembered. At the limit the least recently seen is forgotten, counted.'),
}).prefault({}).describe('How many events the ensemble judges.')
