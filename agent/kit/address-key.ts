/** An address as a key of a Map: equal exactly when version and address are equal. */
export type AddressKey = number | string

/**
 * The key of the address that stands at `offset`. IPv4 gives a whole number of 32 bits, which V8 hashes without allocating;
 * IPv6 gives a text of eight code units, one per 16 bits of the address (not for people).
 */
export function addressKey(bytes: Uint8Array, offset: number, version: number): AddressKey {
  if (version === 4) return (bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!
  return String.fromCharCode(
    group(bytes, offset), group(bytes, offset + 2), group(bytes, offset + 4), group(bytes, offset + 6),
    group(bytes, offset + 8), group(bytes, offset + 10), group(bytes, offset + 12), group(bytes, offset + 14),
  )
}

function group(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!
}
