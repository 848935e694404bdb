import type { EvidenceEvent } from './evidence-event.ts'
import { WINDOW } from './evidence-event.ts'
import { clamp } from './evidence-test.ts'
import type { EvidenceTest } from './evidence-test.ts'

/** Producer-consumer ratio from which a client only uploads: acknowledgements alone keep a pure upload at about .95. */
const BALANCE_MIN = 0.8

/** An upload within the hour that mail and chat attachments do not reach. */
const OCTETS_MIN = 25_000_000
const NATS_PER_DOUBLING = 0.7

/**
 * Bulk upload: producer-consumer ratio of the pair times its volume in the last hour. Bullard, Gerth, "PCR: A new flow metric",
 * FloCon 2014. Backups, photo synchronisation and video uploads are the same by metadata, so this stays at 5 nats, which the prior
 * outweighs: it takes the host's own history or a learned score beside it.
 */
export const exfiltrationBalance: EvidenceTest = {
  name: 'exfiltration.balance',
  category: 'exfiltration',
  scope: 'pair',
  about: 'source',
  isVictim: false,
  slots: 0,
  measure,
  // Uploading now: at the pace of the least hour.
  support: (event) => (event.pairOctetsSent(WINDOW.s60) >= OCTETS_MIN / 60 ? event.lastPacketSeconds : 0),
  explain: (event) =>
    `${(event.pairOctetsSent(WINDOW.h1) / 1e6).toFixed(1)} MB sent to one host within the hour and `
    + `${(event.pairOctetsReceived(WINDOW.h1) / 1e6).toFixed(1)} MB received (producer-consumer ratio ${balance(event).toFixed(2)})`,
}

const RATIO_OF_VOLUME_MAX = 5

function measure(event: EvidenceEvent): number {
  const sent = event.pairOctetsSent(WINDOW.h1)
  if (sent < OCTETS_MIN || balance(event) < BALANCE_MIN) return 0
  return clamp(NATS_PER_DOUBLING * (1 + Math.log2(sent / OCTETS_MIN)), 0, RATIO_OF_VOLUME_MAX)
}

function balance(event: EvidenceEvent): number {
  const sent = event.pairOctetsSent(WINDOW.h1)
  const received = event.pairOctetsReceived(WINDOW.h1)
  return sent + received > 0 ? (sent - received) / (sent + received) : 0
}
