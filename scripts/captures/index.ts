/**
 * captures: capture files in, the same packets under other addresses, times, lengths out. For tests, benches and the lab; no part of the
 * agent, and it shares no code with the agent's own reader, which it helps to test.
 *
 * In:     pcap (both byte orders, micro- and nanoseconds) and pcapng, as they are or in gzip, up to 1 GB unpacked.
 * Out:    CapturedPacket, one by one; rewrites of it, each a pure function; classic pcap with nanoseconds.
 * Units:  nanoseconds since the epoch, octets.
 * Throws: CaptureFileError with file and offset for a broken file; RangeError for what pcap cannot hold.
 */
export {
  addressesOf, endsOf, flipAddresses, flipMacs, flipPrefix, mapText, octetsOf, reverseAddresses, swapAddresses,
} from './address-maps.ts'
export type { AddressKeys, AddressMap, MacMap } from './address-maps.ts'
export { CaptureFileError, LINK_TYPE } from './captured-packet.ts'
export type { CapturedPacket, Rewrite } from './captured-packet.ts'
export { merge, rewriteAll } from './merge.ts'
export { readCapture } from './read-capture.ts'
export { cut, randomisePayload, remapAddresses, remapMacs, restoreLength, shiftTime, shiftTtl } from './rewrite.ts'
export { CaptureWriter, writeCapture } from './write-capture.ts'
