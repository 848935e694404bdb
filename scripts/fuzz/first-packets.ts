import { CaptureFileError, readCapture } from '../captures/index.ts'
import type { CapturedPacket } from '../captures/index.ts'

const PACKETS_A_CAPTURE = 120

/** The first packets of a capture; one that ends in the middle gives what was readable. */
export function firstPackets(capture: string): CapturedPacket[] {
  const packets: CapturedPacket[] = []
  try {
    for (const packet of readCapture(capture)) {
      packets.push(packet)
      if (packets.length === PACKETS_A_CAPTURE) break
    }
  } catch (error) {
    if (!(error instanceof CaptureFileError)) throw error
  }
  return packets
}
