import { z } from 'zod'
import { formatAddress, parseAddress, parsePrefix } from '../kit/index.ts'
import { CATEGORIES } from './labelled-capture.ts'

const text = z.string().min(1).max(1_000)

const address = z.string().transform((value, context) => {
  const parsed = parseAddress(value)
  if (parsed !== undefined) return formatAddress(parsed.bytes, parsed.version)
  context.issues.push({ code: 'custom', message: `${JSON.stringify(value)} is not an IP address`, input: value })
  return z.NEVER
})

const prefix = z.string().transform((value, context) => {
  const parsed = parsePrefix(value)
  if (parsed !== undefined) return parsed
  context.issues.push({ code: 'custom', message: `${JSON.stringify(value)} is not an address or prefix in CIDR notation`, input: value })
  return z.NEVER
})

/** An instant with its offset from UTC; without one it would mean another moment on every machine. */
const instant = z.iso.datetime({ offset: true, error: 'must be an instant such as 2019-01-02T03:04:05Z' })
  .transform((value) => Date.parse(value))

const label = z.strictObject({
  entity: address.optional(),
  victim: address.optional(),
  peer: address.optional(),
  category: z.enum(CATEGORIES),
  from: instant.optional(),
  to: instant.optional(),
}).refine(({ entity, victim }) => (entity === undefined) !== (victim === undefined), { error: 'needs either entity or victim' })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, { error: 'ends before it begins', path: ['to'] })

const capture = z.strictObject({
  id: text,
  file: text,
  source: text,
  strength: z.enum(['behaviour', 'payload']).default('behaviour'),
  home: z.array(prefix).max(1_000).default([]),
  default: z.enum(['benign', 'unknown', 'malicious']).default('benign'),
  labels: z.array(label).max(10_000).default([]),
})

/** A manifest as it stands in YAML. */
export const manifestSchema = z.strictObject({ captures: z.array(capture).min(1).max(100_000) })

/** One capture of a valid manifest, addresses and instants parsed. */
export type ManifestCapture = z.infer<typeof capture>
