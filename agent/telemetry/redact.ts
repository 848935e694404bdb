/** Keeps addresses out of logs above debug, and keys out of all logs. Pure. */

/** What stands instead of an address. */
export const ADDRESS = '[address]'
const SECRET = '[secret]'
const SECRET_NAME = /private|secret|passw|token|preshared|psk|nonce/i
const DEPTH_MAX = 6
const ENTRIES_MAX = 256

const VERSION_4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)/g
/** What holds `::` or seven colons among hexadecimal digits; times of day and MAC addresses have neither. */
const VERSION_6 = /(?<![0-9a-z:.])(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){7})[0-9a-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?:%\w+)?(?![0-9a-z:])/gi

/** A copy of `value` in which every text is freed of addresses (where `hidesAddresses`) and every secret field of its value. */
export function redact(value: unknown, hidesAddresses: boolean, depth = 0): unknown {
  if (typeof value === 'string') return hidesAddresses ? withoutAddresses(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (depth >= DEPTH_MAX) return '[deep]'
  if (value instanceof Error) return redactError(value, hidesAddresses, depth)
  if (Array.isArray(value)) return value.slice(0, ENTRIES_MAX).map((each: unknown) => redact(each, hidesAddresses, depth + 1))
  return Object.fromEntries(Object.entries(value).slice(0, ENTRIES_MAX).map(([name, inner]: [string, unknown]) => (
    [name, SECRET_NAME.test(name) ? SECRET : redact(inner, hidesAddresses, depth + 1)]
  )))
}

/** `text` with every IPv4 and IPv6 address replaced; loopback and unspecified ones say nothing about anybody and stay. */
export function withoutAddresses(text: string): string {
  return text
    .replaceAll(VERSION_6, (found) => (found === '::1' || found === '::' ? found : ADDRESS))
    .replaceAll(VERSION_4, (found) => (found.startsWith('127.') || found === '0.0.0.0' ? found : ADDRESS))
}

function redactError(error: Error, hidesAddresses: boolean, depth: number): object {
  const code = 'code' in error ? { code: error.code } : {}
  return {
    type: error.name,
    ...code,
    message: redact(error.message, hidesAddresses),
    stack: redact(error.stack ?? '', hidesAddresses),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, hidesAddresses, depth + 1) }),
  }
}
