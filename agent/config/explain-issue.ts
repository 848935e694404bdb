/** What zod found, in the words of an operator. Each is the end of a sentence that begins with the key. */
import type { z } from 'zod'

type RawIssue = z.core.$ZodRawIssue

const KINDS: Readonly<Record<string, string>> = {
  int: 'a whole number', number: 'a number', string: 'text', boolean: 'true or false', array: 'a list', object: 'a map of keys',
}

/** The message of one issue; handed to zod as its error map, so that messages set in the schema win over it. */
export function explainIssue(issue: RawIssue): string {
  const is = `is ${show(issue.input)}`
  if (issue.code === 'invalid_type') {
    return `must be ${KINDS[issue.expected] ?? issue.expected}, ${issue.input === undefined ? 'is missing' : is}`
  }
  if (issue.code === 'too_small') return `${sized(issue.origin)} at least ${String(issue.minimum)}${counted(issue.origin, issue.input)}`
  if (issue.code === 'too_big') return `${sized(issue.origin)} at most ${String(issue.maximum)}${counted(issue.origin, issue.input)}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}; ${is}`
  return issue.code === 'unrecognized_keys' ? 'is not a setting' : `has the wrong form, ${is}`
}

/** A value as it may appear in a message: short, on one line. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'empty (null)'
  // JSON has no word for NaN and infinity.
  if (typeof value === 'number') return String(value)
  const text = typeof value === 'string' ? `'${value}'` : JSON.stringify(value) ?? 'nothing'
  if (text.startsWith('{')) return 'a map'
  const line = text.replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?')
  return line.length > 60 ? `${line.slice(0, 57)}...` : line
}

function sized(origin: string): string {
  if (origin === 'string') return 'must have a length of'
  return origin === 'array' ? 'must have' : 'must be'
}

function counted(origin: string, input: unknown): string {
  if (origin === 'array') return ' entries'
  return origin === 'string' ? ' characters' : `, is ${show(input)}`
}
