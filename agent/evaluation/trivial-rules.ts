import { parseAddress, parsePrefix, prefixContains } from '../kit/index.ts'
import type { IpPrefix } from '../kit/index.ts'
import { AlarmLog } from './alarm-log.ts'
import type { Alarm, ReplayedFlow } from './capture-replay.ts'

/** A rule that anybody could write in a minute. A detector that does not beat all of them has learned nothing. */
export interface TrivialRule {
  readonly name: 'direction' | 'SYN without answer' | 'no answer' | 'port list'
  /** For people: which flow is an attack. */
  readonly says: string
  readonly isAttack: (flow: ReplayedFlow, isInside: (address: string) => boolean) => boolean
}

/** Services that guessers and worms try first: the ports at the head of public honeypot and telescope statistics. */
const ATTACKED_PORTS: ReadonlySet<number> = new Set([
  21, 22, 23, 25, 110, 135, 139, 143, 445, 1433, 1521, 2222, 2323, 3306, 3389, 5432, 5555, 5900, 6379, 7547, 8080, 8443, 9200, 27017,
])

/** The rules that stand beside every figure. */
export const TRIVIAL_RULES: readonly TrivialRule[] = [
  {
    name: 'direction', says: 'from outside the home network to inside it',
    isAttack: ({ source, destination }, isInside) => !isInside(source) && isInside(destination),
  },
  {
    name: 'SYN without answer', says: 'a TCP flow that asked for a connection and got no packet back',
    isAttack: ({ hasSyn, isAnswered }) => hasSyn && !isAnswered,
  },
  { name: 'no answer', says: 'any flow that got no packet back', isAttack: ({ isAnswered }) => !isAnswered },
  {
    name: 'port list', says: `to one of ${ATTACKED_PORTS.size} often attacked ports`,
    isAttack: ({ destinationPort }) => ATTACKED_PORTS.has(destinationPort),
  },
]

/** A host is named from so many such flows on. One flow would name half of every network. */
export const RULE_FLOWS_MIN = 10

/** What a rule makes of a capture. */
export interface RuleOutcome {
  /** For each flow 1 where the rule calls it an attack, else 0. */
  readonly scores: Uint8Array
  readonly alarms: readonly Alarm[]
}

/**
 * Applies a rule to all flows. Hosts are named at the start of a flow, though a real rule would have to wait for the missing answer:
 * where it is kinder to the rule, that is the reading taken.
 */
export function applyRule(rule: TrivialRule, flows: readonly ReplayedFlow[], home: readonly IpPrefix[]): RuleOutcome {
  const isInside = rememberInside(home.length > 0 ? home : PRIVATE)
  const scores = Uint8Array.from(flows, (flow) => (rule.isAttack(flow, isInside) ? 1 : 0))
  const attacks = Uint32Array.from(flows.keys()).filter((index) => scores[index] === 1)
  attacks.sort((left, right) => flows[left]!.startMs - flows[right]!.startMs || left - right)
  const counts = new Map<string, number>()
  const log = new AlarmLog()
  for (const index of attacks) {
    const { source, startMs } = flows[index]!
    const count = (counts.get(source) ?? 0) + 1
    counts.set(source, count)
    if (count >= RULE_FLOWS_MIN) log.add(source, startMs)
  }
  return { scores, alarms: log.alarms() }
}

/** Without a home network the private addresses stand for it: RFC 1918, RFC 4193. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].map((text) => parsePrefix(text)!)

function rememberInside(home: readonly IpPrefix[]): (address: string) => boolean {
  const known = new Map<string, boolean>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const address = parseAddress(text)
    const isInside = address !== undefined && home.some((prefix) => prefixContains(prefix, address))
    known.set(text, isInside)
    return isInside
  }
}
