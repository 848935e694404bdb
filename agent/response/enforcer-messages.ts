import { z } from 'zod'
import type { EnforcedElement } from './enforcer.ts'
import { EnforcerError } from './errors.ts'

/** The privileged program's account of itself. */
export interface EnforcerStatus {
  /** Table, sets, chains and rules are in the kernel as defined. False before the first ban. */
  readonly isIntact: boolean
  /** Whether the kernel lets entries of connection tracking be deleted. */
  readonly hasConntrack: boolean
  readonly elements: number
  readonly elementsMax: number
  /** Prefixes that are never blocked at this moment, from all sources. */
  readonly neverBlock: number
  readonly droppedPackets: number
  /** Layer-3 octets. */
  readonly droppedOctets: number
  readonly conntrackFlushed: number
  readonly conntrackSkipped: number
  readonly enforced: number
  readonly refused: number
  readonly failed: number
  /** Bans ended because they contradicted the never-block list. */
  readonly lifted: number
  readonly malformed: number
  /** What keeps it from blocking; empty when nothing does. */
  readonly problem: string
}

const count = z.int().min(0)

const answerSchema = z.strictObject({
  id: count,
  error: z.string().optional(),
  results: z
    .array(z.strictObject({ target: z.string(), outcome: z.enum(['enforced', 'refused', 'failed']), reason: z.string() }))
    .optional(),
  elements: z.custom<readonly EnforcedElement[]>(isElementList, 'not a list of elements').optional(),
  status: z
    .strictObject({
      isIntact: z.boolean(), hasConntrack: z.boolean(), elements: count, elementsMax: count, neverBlock: count,
      droppedPackets: count, droppedOctets: count, conntrackFlushed: count, conntrackSkipped: count,
      enforced: count, refused: count, failed: count, lifted: count, malformed: count, problem: z.string(),
    })
    .optional(),
})

/** One line of the privileged program, checked. */
export type EnforcerAnswer = z.infer<typeof answerSchema>

/** Reads one line; throws ENFORCER_PROTOCOL when it is not an answer. */
export function parseAnswer(line: string): EnforcerAnswer {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw nonsense(`no JSON: ${line.slice(0, 80)}`)
  }
  const parsed = answerSchema.safeParse(value)
  if (!parsed.success) throw nonsense(z.prettifyError(parsed.error))
  return parsed.data
}

/** The error for an answer that makes no sense. */
export function nonsense(reason: string): EnforcerError {
  return new EnforcerError({ code: 'ENFORCER_PROTOCOL', reason }, `the enforcer's answer makes no sense: ${reason}`)
}

/** By hand: a list has tens of thousands of elements, and a schema takes twenty times as long for each. */
function isElementList(value: unknown): value is readonly EnforcedElement[] {
  if (!Array.isArray(value)) return false
  const elements: readonly unknown[] = value
  return elements.every(isElement)
}

function isElement(value: unknown): value is EnforcedElement {
  if (typeof value !== 'object' || value === null || !('target' in value) || !('remainingMs' in value)) return false
  return typeof value.target === 'string' && typeof value.remainingMs === 'number'
}
