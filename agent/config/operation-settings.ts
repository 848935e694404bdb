/** Where things are kept and what is told about them. */
import { z } from 'zod'
import type { DefaultPaths } from './default-paths.ts'
import { isPublicKey } from './ed25519-point.ts'
import { addressWithPort, filePath, milliseconds, socketPath } from './setting-types.ts'

const publicKey = () => z.string()
  .regex(/^[0-9a-f]{64}$/, { error: 'is no Ed25519 public key in hexadecimal (64 digits)', abort: true })
  .refine(isPublicKey, { error: 'is no usable Ed25519 public key: no point of the curve, or one of small order that anybody can sign for' })

/** Models and whom to trust with them. */
export const modelSettings = (paths: DefaultPaths) => z.strictObject({
  directory: filePath().default(paths.models)
    .describe('The folder of the models and their manifest. Default: those shipped with the agent.'),
  trustedKeys: z.array(publicKey()).max(64).default([])
    .describe('Ed25519 public keys, in hexadecimal, whose signed models are loaded besides the shipped ones and those signed with the ' +
      'node\'s own key. `phantomd train` says which key it signed with. At most 64.'),
}).prefault({}).describe('Which models are loaded.')

/** Where the agent keeps what it reads and writes. */
export const pathSettings = (paths: DefaultPaths) => z.strictObject({
  state: filePath().default(paths.state).describe('The store: decisions, alerts, mode, audit journal. One agent at a time, mode 0700.'),
  socket: socketPath().default(paths.socket).describe('The control socket of phantomctl, mode 0660.'),
  events: filePath().default(paths.events).describe('The event log: one JSON object a line, EVE names. `-` writes to standard output.'),
  nodeKey: filePath().default(paths.nodeKey)
    .describe('The node\'s own private key: Ed25519 as PEM, mode 0600, made at first need. `phantomd train` signs models with it.'),
  enforcerSocket: socketPath().default(paths.enforcerSocket).describe('The socket of the privileged enforcer.'),
}).prefault({}).describe('Under /etc/phantommesh the defaults are those shown; from a checkout everything defaults to ./.phantommesh/.')

/** What the event log holds. */
export const eventSettings = () => z.strictObject({
  types: z.array(z.enum(['flow', 'alert', 'anomaly', 'stats', 'decision', 'enforcement', 'model', 'audit'])).max(16)
    .default(['flow', 'alert', 'anomaly', 'stats', 'decision', 'enforcement', 'model', 'audit'])
    .describe('Which types of events are written. Followers see all.'),
  statsMs: milliseconds(1_000, 3_600_000).default(30_000).describe('How often a stats event is written, 1 s to 1 h.'),
  queueBytesMax: z.int().min(65_536).max(268_435_456).default(8_388_608)
    .describe('Octets that wait for a slow disk. Past it events are dropped and counted. 8 MiB are about 10000 events.'),
  flushMs: milliseconds(10, 60_000).default(250).describe('How long an event may wait before it is written, 10 ms to 60 s.'),
  rotateBytes: z.int().min(0).max(1_099_511_627_776).default(268_435_456)
    .describe('Size at which the file is renamed to .1, .2 ...; 0 leaves rotation to logrotate and SIGHUP.'),
  filesMax: z.int().min(1).max(100).default(4).describe('Renamed files that are kept besides the current one.'),
  followersMax: z.int().min(0).max(64).default(16).describe('Followers of the event stream at once (`phantomctl events --follow`).'),
  followerQueueMax: z.int().min(16).max(65_536).default(1_024)
    .describe('Events that wait for one slow follower. Past it the newest are dropped for that follower and counted.'),
}).prefault({}).describe('The event log and its followers.')

/** How much the store keeps. */
export const storageSettings = () => z.strictObject({
  alertsMax: z.int().min(100).max(1_000_000).default(10_000).describe('Alerts kept. Past it the oldest go.'),
  alertAgeMsMax: milliseconds(60_000, 31_536_000_000).default(2_592_000_000).describe('Alerts older than this go, 1 min to 365 d. ' +
      'Default 30 d.'),
  auditMax: z.int().min(1_000).max(10_000_000).default(100_000)
    .describe('Entries of the audit journal kept. Past it the oldest go; the chain of hashes stays verifiable from the oldest kept.'),
}).prefault({}).describe('How much is kept in the store.')

/** Prometheus. */
export const metricsSettings = () => z.strictObject({
  listen: addressWithPort().nullable().default('127.0.0.1:9610')
    .describe('Where Prometheus metrics are served over HTTP, at /metrics. Loopback by default; null serves none (phantomctl metrics ' +
      'still works).'),
}).prefault({}).describe('Prometheus metrics.')

/** Diagnostic logs. */
export const logSettings = () => z.strictObject({
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info')
    .describe('The least severe line to log, on standard error as JSON. Addresses appear at debug and trace only.'),
}).prefault({}).describe('Diagnostic logs.')

/** The node's own condition. */
export const healthSettings = () => z.strictObject({
  sampleMs: milliseconds(1_000, 600_000).default(10_000).describe('How often the process and the node are sampled from /proc, 1 s to 10 ' +
      'min.'),
  inventoryMs: milliseconds(60_000, 86_400_000).default(3_600_000)
    .describe('How often the hardware and system inventory is taken, 1 min to 24 h. It costs about half a second of CPU, so rarely.'),
}).prefault({}).describe('The node\'s own condition.')
