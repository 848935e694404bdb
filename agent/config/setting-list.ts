/** The schema as a flat list, for documents and for suggestions. */
import { z } from 'zod'

/** One setting or section as documents show it. */
export interface Setting {
  readonly path: readonly string[]
  readonly description: string
  readonly isSection: boolean
  readonly default: unknown
}

type JsonSchema = z.core.JSONSchema.BaseSchema

/** Sections and settings in the order of the schema, each section before its settings. */
export function listSettings(schema: z.ZodType): Setting[] {
  return flatten(asJsonSchema(schema), [])
}

/** The keys that may stand in the map at `path`; none where there is no map. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here: JsonSchema | undefined = asJsonSchema(schema)
  for (const element of path) here = typeof element === 'number' ? elementOf(here) : asObject(here?.properties?.[String(element)])
  return Object.keys(here?.properties ?? {})
}

function flatten(schema: JsonSchema, path: readonly string[]): Setting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const own = [...path, key]
    const inner = asObject(value) ?? {}
    const isSection = inner.properties !== undefined
    const setting = { path: own, description: inner.description ?? '', isSection, default: inner.default }
    return isSection ? [setting, ...flatten(inner, own)] : [setting]
  })
}

/** The map among the forms that the entries of a list may have. */
function elementOf(list: JsonSchema | undefined): JsonSchema | undefined {
  const entry = Array.isArray(list?.items) ? undefined : asObject(list?.items)
  const forms = (entry?.anyOf ?? []).map(asObject)
  return forms.find((form) => form?.properties !== undefined) ?? entry
}

function asObject(schema: z.core.JSONSchema._JSONSchema | undefined): JsonSchema | undefined {
  return typeof schema === 'object' ? schema : undefined
}

function asJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
}
