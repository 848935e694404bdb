/** Keys that sort as their numbers do, and values as JSON. */

/** A whole number as 14 hexadecimal digits: the order of texts is the order of numbers up to 2^53. */
export function sortableNumber(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no whole number from 0 to 2^53`)
  return value.toString(16).padStart(14, '0')
}

/** The range of all keys below `prefix/`. `0` is the character behind `/`. */
export function keysBelow(prefix: string): { readonly from: string; readonly to: string } {
  return { from: `${prefix}/`, to: `${prefix}0` }
}

/** Records of one type as bytes and back. */
export interface RecordCodec<T> {
  encode(record: T): Uint8Array
  decode(bytes: Uint8Array): T
}

/**
 * JSON in UTF-8. Records hold only what JSON keeps: no undefined in lists, no non-finite numbers. What is decoded was encoded by this
 * program under this schema version, and LevelDB checks its own blocks, so it is not checked again.
 */
export function jsonCodec<T>(): RecordCodec<T> {
  return {
    encode: (record) => new TextEncoder().encode(JSON.stringify(record)),
    decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
  }
}
