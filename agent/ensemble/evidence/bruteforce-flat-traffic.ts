import type { EvidenceEvent } from './evidence-event.ts'
import { RECENT, WINDOW } from './evidence-event.ts'
import { clamp, RATIO_MAX } from './evidence-test.ts'
import type { EvidenceTest } from './evidence-test.ts'

/** Services where people log in with passwords, by IANA: connections of equal size, one after the other, are attempts. */
const LOGIN_PORTS = new Set([
  21, 22, 23, 25, 110, 143, 389, 445, 465, 587, 636, 993, 995, // FTP, SSH, Telnet, SMTP, POP3, IMAP, LDAP, SMB and their TLS twins
  1433, 1521, 2222, 2323, 3306, 3389, 5432, 5900, 5901, 5985, 5986, 6379, 27_017, // databases, RDP, VNC, WinRM, SSH and Telnet elsewhere
])

/** Web servers: the same, but polling and health checks look alike, so it takes far more. */
const WEB_PORTS = new Set([80, 443, 8000, 8008, 8080, 8443, 8888])

/** How often a new connection continues a run of equal ones, in an attack and in ordinary use. */
interface FlatnessModel {
  readonly attack: number
  readonly benign: number
  /** Connections a minute below which it is somebody's monitoring or cron job. */
  readonly perMinuteMin: number
  readonly flowsMin: number
}

/** Monitoring of a login service every 5 s is the most eager that is usual: 12 a minute. */
const LOGIN: FlatnessModel = { attack: 0.9, benign: 0.5, perMinuteMin: 15, flowsMin: 10 }
/** Clients without keep-alive and health checks are flat too; what is left to tell is their number. */
const WEB: FlatnessModel = { attack: 0.97, benign: 0.85, perMinuteMin: 90, flowsMin: 60 }

/** Attempts are small: TCP and TLS or SSH set-up, a few tries, close. Hofstede et al. found 11 to 51 packets one way for SSH. */
const PACKETS_MIN = 6
const PACKETS_MAX = 120
const DURATION_MS_MAX = 60_000

/** Every attempt is answered ("wrong password"); connections that only send are held open or flood, and other tests see to them. */
const RECEIVED_PER_SENT_MIN = 0.5

/** So many attempts since the last report: it goes on. */
const FLOWS_AGAIN = 4

/** Two connections are equal when packets and octets differ by no more than this: the length of names and passwords varies. */
const PACKETS_TOLERANCE = 2
const OCTETS_TOLERANCE = 0.1

/**
 * Flat traffic: many short connections of one pair with nearly the same packets and octets each. Hofstede, Hendriks, Sperotto, Pras,
 * "SSH compromise detection using NetFlow/IPFIX", CCR 2014; for the web Hofstede, Jonker, Sperotto, Pras, "Flow-based web application
 * brute-force attack detection", JNSM 2017.
 *
 * What separates benign twins: polling keeps to its period and stays below the least rate; deployment tools (rsync, git, Ansible)
 * move different amounts each time; downloads are long. A load generator without keep-alive cannot be told from a web attack.
 */
export const bruteforceFlatTraffic: EvidenceTest = {
  name: 'bruteforce.flat-traffic',
  category: 'bruteforce',
  scope: 'pair',
  about: 'source',
  isVictim: false,
  slots: 0,
  measure,
  support: (event) => event.pairFlowsEndedTotal / FLOWS_AGAIN,
  explain: (event) =>
    `${event.pairFlows(WINDOW.s60).toFixed(0)} connections a minute to port ${event.destinationPort}, the last with `
    + `${event.endedFlowPackets(recentCount(event) - 1)} packets and ${event.endedFlowOctets(recentCount(event) - 1)} octets each, `
    + `${(100 * flatShare(event)).toFixed(0)} % of them alike`,
}

function measure(event: EvidenceEvent): number {
  const model = modelOf(event.destinationPort)
  if (model === undefined || event.protocol !== 6) return 0
  const flows = Math.min(event.pairFlowsEndedTotal, event.pairFlows(WINDOW.h1))
  if (flows < model.flowsMin || event.pairFlows(WINDOW.s60) < model.perMinuteMin || !areAttempts(event)) return 0
  const flat = flatShare(event)
  const perFlow = flat * Math.log(model.attack / model.benign) + (1 - flat) * Math.log((1 - model.attack) / (1 - model.benign))
  return clamp(perFlow * flows, 0, RATIO_MAX)
}

function modelOf(port: number): FlatnessModel | undefined {
  if (LOGIN_PORTS.has(port)) return LOGIN
  return WEB_PORTS.has(port) ? WEB : undefined
}

function recentCount(event: EvidenceEvent): number {
  return Math.min(RECENT, event.pairFlowsEndedTotal)
}

function areAttempts(event: EvidenceEvent): boolean {
  if (event.pairOctetsReceived(WINDOW.h1) < RECEIVED_PER_SENT_MIN * event.pairOctetsSent(WINDOW.h1)) return false
  const count = recentCount(event)
  let packets = 0
  let durationMs = 0
  for (let index = 0; index < count; index++) {
    packets += event.endedFlowPackets(index)
    durationMs += event.endedFlowDurationMs(index)
  }
  return packets >= PACKETS_MIN * count && packets <= PACKETS_MAX * count && durationMs <= DURATION_MS_MAX * count
}

/** Share of the last connections that equal the one before, or the one before that: tools that work in parallel interleave two kinds. */
function flatShare(event: EvidenceEvent): number {
  const count = recentCount(event)
  let flat = 0
  for (let index = 2; index < count; index++) {
    if (areEqual(event, index, index - 1) || areEqual(event, index, index - 2)) flat++
  }
  return count > 2 ? flat / (count - 2) : 0
}

function areEqual(event: EvidenceEvent, a: number, b: number): boolean {
  const octets = event.endedFlowOctets(a)
  return Math.abs(event.endedFlowPackets(a) - event.endedFlowPackets(b)) <= PACKETS_TOLERANCE
    && Math.abs(octets - event.endedFlowOctets(b)) <= OCTETS_TOLERANCE * octets
}
