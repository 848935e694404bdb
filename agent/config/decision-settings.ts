/** What mistakes cost, and how far the agent may go by itself. */
import { z } from 'zod'
import { milliseconds, prefix } from './setting-types.ts'

const cost = (value: number, about: string) => z.number().min(0).max(1_000_000).default(value).describe(about)

const costsOf = (values: Record<'none' | 'log' | 'alert' | 'rateLimit' | 'block', number>, about: string) => z.strictObject({
  none: cost(values.none, 'Nothing is done.'),
  log: cost(values.log, 'A line in the event log.'),
  alert: cost(values.alert, 'Somebody looks into it.'),
  rateLimit: cost(values.rateLimit, 'The entity is slowed down. Considered only where the enforcer can do it.'),
  block: cost(values.block, 'The entity is cut off for a while.'),
}).prefault({}).describe(about)

/** How a posterior becomes an action. */
export const decisionSettings = () => z.strictObject({
  costs: z.strictObject({
    whenMalicious: costsOf({ none: 100, log: 99.5, alert: 70, rateLimit: 30, block: 5 },
      'Expected damage, in minutes of an operator\'s work (0 to 1000000), when the entity is malicious and this is all that is done.'),
    whenBenign: costsOf({ none: 0, log: 0.05, alert: 30, rateLimit: 150, block: 500 },
      'Expected harm, in minutes of an operator\'s and the users\' work (0 to 1000000), when the entity is benign and this is done.'),
  }).prefault({})
    .describe('The action of least expected cost is taken: p * whenMalicious + (1 - p) * whenBenign at posterior p. The defaults log ' +
      'from ' +
      'p = 0.09, alert from 0.50, rate-limit from 0.75 and block from 0.93 (from 0.88 where nothing can rate-limit).'),
  alertRepeatMs: milliseconds(1_000, 86_400_000).default(600_000)
    .describe('The same entity and category raises one alert in this time unless its severity rises, 1 s to 24 h. 10 min keep a scan of ' +
      'an ' +
      'hour at six lines.'),
  corroborationMin: z.number().min(0).max(12).default(2.3)
    .describe('Evidence tests must together speak for the verdict with at least this log-likelihood ratio (nats, 0 to 12), or the ' +
      'action stops ' +
      'at an alert: no containment on the word of a learned model alone. 2.3 is a ratio of ten to one.'),
  entitiesMax: z.int().min(1_024).max(1_048_576).default(65_536)
    .describe('Entities remembered for alert repetition and as former offenders. At the limit the oldest is forgotten, counted.'),
}).prefault({}).describe('How a posterior becomes an action.')

/** How far an action may go. */
export const responseSettings = () => z.strictObject({
  neverBlock: z.array(prefix()).max(4_096).default([])
    .describe('Addresses and prefixes never to act on. The node\'s own addresses, gateways, name servers and the peers of live SSH ' +
      'sessions ' +
      'always belong to the list and need not be written here. At most 4096.'),
  durationMs: milliseconds(1_000, 604_800_000).default(600_000)
    .describe('How long a first block holds, 1 s to 7 d. 10 min: short enough that a mistake heals by itself.'),
  escalationFactor: z.number().min(1).max(100).default(6)
    .describe('Each repeated offence holds this many times longer, 1 to 100. 6: 10 min, 1 h, 6 h, then durationMsMax.'),
  durationMsMax: milliseconds(1_000, 604_800_000).default(86_400_000)
    .describe('No automatic block holds longer, 1 s to 7 d.'),
  offenderMemoryMs: milliseconds(60_000, 2_592_000_000).default(604_800_000)
    .describe('An offence counts as repeated within this time after the former block ended, 1 min to 30 d.'),
  unverifiedDurationMsMax: milliseconds(1_000, 60_000).default(60_000)
    .describe('Sources whose address is not proven by a TCP handshake are held no longer than this, 1 s to 60 s: anybody can forge ' +
      'their address.'),
  elementsMax: z.int().min(1).max(131_072).default(65_536)
    .describe('Decisions in force at once. At the limit further entities are alerted on only (held back by cap). At most 131072: so ' +
      'many the enforcer lists in one answer.'),
  blocksPerMinuteMax: z.int().min(1).max(100_000).default(600)
    .describe('New automatic blocks within a minute. Past it entities are alerted on only (held back by cap): an agent that wants to ' +
      'block ' +
      'thousands within a minute is more likely wrong than right.'),
  prefixLength4Min: z.int().min(8).max(32).default(16)
    .describe('The widest IPv4 prefix an operator may block, /8 to /32.'),
  prefixLength6Min: z.int().min(16).max(128).default(32)
    .describe('The widest IPv6 prefix an operator may block, /16 to /128.'),
  blockPrefixLength6: z.int().min(48).max(128).default(128)
    .describe('How much of an IPv6 address an automatic block covers, /48 to /128. 128: the neighbours of one /64 stay reachable; 64 ' +
      'where ' +
      'attackers change addresses within theirs.'),
  reconcileMs: milliseconds(200, 60_000).default(1_000)
    .describe('How often the kernel is read back and repaired, 200 ms to 60 s. 1 s: what was flushed by hand is back within 2 s.'),
}).refine(({ durationMs, durationMsMax }) => durationMs <= durationMsMax, { path: ['durationMs'], error: 'must not exceed durationMsMax' })
  .prefault({}).describe('How far the agent may go. The enforcer checks never-block and caps once more by itself.')
