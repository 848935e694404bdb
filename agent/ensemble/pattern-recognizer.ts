import { beaconRegularity } from './evidence/beacon-regularity.ts'
import { bruteforceFlatTraffic } from './evidence/bruteforce-flat-traffic.ts'
import { dnsTunnelVolume } from './evidence/dns-tunnel-volume.ts'
import type { EvidenceEvent } from './evidence/evidence-event.ts'
import type { EvidenceTest, TestMemory } from './evidence/evidence-test.ts'
import { exfiltrationBalance } from './evidence/exfiltration-balance.ts'
import { floodMuteConnections } from './evidence/flood-mute-connections.ts'
import { floodReflection } from './evidence/flood-reflection.ts'
import { floodSynCusum } from './evidence/flood-syn-cusum.ts'
import { floodUnansweredDatagrams } from './evidence/flood-unanswered-datagrams.ts'
import { icmpTunnelEcho } from './evidence/icmp-tunnel-echo.ts'
import { scanRandomWalk } from './evidence/scan-random-walk.ts'
import type { Finding } from './posterior.ts'

/** Every explicit test, in the order in which sums are formed. */
export const EVIDENCE_TESTS: readonly EvidenceTest[] = [
  scanRandomWalk,
  bruteforceFlatTraffic,
  floodMuteConnections,
  beaconRegularity,
  dnsTunnelVolume,
  icmpTunnelEcho,
  exfiltrationBalance,
  floodSynCusum,
  floodReflection,
  floodUnansweredDatagrams,
]

/**
 * The explicit tests as one recogniser of known patterns. It keeps no state: an entity's memory of `slots` numbers is the caller's.
 * Tests about the source come before those about the destination.
 */
export class PatternRecognizer {
  readonly tests: readonly EvidenceTest[]
  /** Numbers that the tests remember of one entity. */
  readonly slots: number
  readonly #starts: readonly number[]

  constructor(tests: readonly EvidenceTest[] = EVIDENCE_TESTS) {
    this.tests = tests
    let slots = 0
    this.#starts = tests.map((test) => {
      slots += test.slots
      return slots - test.slots
    })
    this.slots = slots
  }

  /** Where a test's numbers start within those of an entity. */
  slotsStart(testIndex: number): number {
    return this.#starts[testIndex]!
  }

  /** What every test about one end says of an event, for people and for tests; detection itself goes test by test. */
  findings(event: EvidenceEvent, memory: TestMemory, about: EvidenceTest['about']): Finding[] {
    return this.tests.flatMap((test, index) => {
      if (test.about !== about) return []
      const logLikelihoodRatio = test.measure(event, { slots: memory.slots, start: memory.start + this.slotsStart(index) })
      if (logLikelihoodRatio === 0) return []
      const { name, category, isVictim } = test
      return [{ test: name, category, about, isVictim, logLikelihoodRatio, detail: test.explain(event) }]
    })
  }
}
