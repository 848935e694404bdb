import { z } from 'zod'
import { fusionParametersSchema } from './fusion-parameters.ts'

/** The only layout of manifest.json that this agent reads. */
export const MANIFEST_FORMAT = 1

/** A model file larger than this is refused unread. The shipped ones are far below 1 MB. */
export const MODEL_BYTES_MAX = 64 * 1024 * 1024

const ratio = z.number().min(0).max(1)

const modelFileSchema = z.strictObject({
  kind: z.enum(['forest', 'sequence']),
  file: z.string().regex(/^[\w.-]+\.onnx$/).describe('Name inside the folder of the manifest; no path.'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(1).max(MODEL_BYTES_MAX),
  schemaVersion: z.string().min(1).max(100)
    .describe('Version of the feature schema (forest) or of the event-vector schema (sequence) it was trained on.'),
  inputWidth: z.int().min(1).max(1_024).describe('Columns of a feature row or of an event vector.'),
  steps: z.int().min(1).max(256).optional().describe('Events of a sequence; for kind sequence only.'),
  rows: z.int().min(1).describe('Rows it was fitted on.'),
  parameters: z.record(z.string(), z.number()).describe('How it was fitted: trees, subsample, hidden, epochs ...'),
  heldOutAuc: ratio.nullable().describe('AUC over rows of captures that its fold did not see; null without both classes.'),
})

/**
 * models/manifest.json: which files, pinned by sha256, what they were trained on, and how their scores are fused.
 * Nothing in it depends on the time or machine of the training: same samples and seed, same bytes.
 */
export const modelManifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.string().regex(/^[\w.+-]{1,100}$/).describe('Named by every verdict; contains a digest of the model files.'),
  description: z.string().max(2_000),
  limits: z.array(z.string().max(500)).max(50).describe('What the models do not know; for people.'),
  seed: z.int(),
  models: z.array(modelFileSchema).min(1).max(2),
  fusion: fusionParametersSchema,
  fusedHeldOutAuc: ratio.nullable(),
  training: z.array(z.strictObject({
    capture: z.string().max(200),
    source: z.string().max(200),
    benignRows: z.int().min(0),
    attackRows: z.int().min(0),
  })).max(10_000).describe('Captures that took part: results on them are in-sample.'),
}).refine(({ models }) => new Set(models.map(({ kind }) => kind)).size === models.length, { error: 'each kind of model may stand once' })
  .refine(({ models }) => models.every(({ kind, steps }) => (kind === 'sequence') === (steps !== undefined)), {
    error: 'steps belongs to the sequence model, and only there',
  })

/** The content of models/manifest.json. */
export type ModelManifest = z.infer<typeof modelManifestSchema>

/** One model file of the manifest. */
export type ModelFile = ModelManifest['models'][number]

/** A problem for each line that is wrong, as `path: what`, or the manifest. */
export function parseManifest(content: unknown): { readonly manifest: ModelManifest } | { readonly problems: readonly string[] } {
  const parsed = modelManifestSchema.safeParse(content)
  if (parsed.success) return { manifest: parsed.data }
  return { problems: parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'manifest'}: ${message}`) }
}
