import { z } from 'zod'

const nats = z.number().min(-50).max(50)

const betaCalibrationSchema = z.strictObject({
  a: z.number().min(0).max(1_000),
  b: z.number().min(0).max(1_000),
  c: z.number().min(-1_000).max(1_000),
})

const fusionSourceSchema = z.strictObject({
  calibration: betaCalibrationSchema.optional()
    .describe('Turns a score in (0, 1) into a log-likelihood ratio. Absent for evidence tests: their findings are ratios already.'),
  weight: z.number().min(0).max(1)
    .describe('Share of the ratio that counts: 1 is naive Bayes, less where sources repeat one another. By ridge logistic regression.'),
  cap: z.number().min(0).max(12)
    .describe('Bound of the ratio before weighting, nats: 3 for learned scores, 12 for tests over independent trials.'),
})

const indicatorSchema = z.strictObject({
  present: nats.describe('Log-likelihood ratio where the indicator holds, nats; Beta-Bernoulli counts.'),
  absent: nats.describe('Log-likelihood ratio where it does not hold, nats: absence counts too.'),
  weight: z.number().min(0).max(1),
})

const scoreThresholdSchema = z.strictObject({
  logOdds: z.number().describe('A row is called positive strictly above this fused log-odds.'),
  falsePositiveRateMax: z.number().gt(0).lt(1)
    .describe('Bound of the false-positive rate per row; holds only while new benign rows are exchangeable with the calibration rows.'),
  failureProbability: z.number().gt(0).lt(1).describe('Probability, over the draw of the calibration rows, that the bound does not hold.'),
  benignRows: z.int().positive().describe('Held-out benign rows behind the threshold.'),
  exceedingRows: z.int().min(0).describe('How many of them stand above it.'),
})

/**
 * Everything that fusion needs at run time, as plain JSON inside models/manifest.json. The posterior's log-odds are
 * prior + sum over sources of weight * clamp(ratio, -cap, cap): additive, so contributions are exact.
 */
export const fusionParametersSchema = z.strictObject({
  priorLogOdds: nats
    .describe('Log-odds that an entity is hostile before anything is seen of it. A policy: staged captures cannot teach base rates.'),
  categoryPriorLogOdds: z.record(z.string(), nats).default({}).describe('Overrides of the prior by category.'),
  sources: z.record(z.string(), fusionSourceSchema)
    .describe('By name: `forest`, `sequence` (scores, with calibration) and evidence tests such as `scan.random-walk`.'),
  defaultTest: fusionSourceSchema.describe('Stands in for an evidence test that is not named in `sources`.'),
  indicators: z.record(z.string(), indicatorSchema).default({}).describe('Binary indicators by name.'),
  learnedIntervalMs: z.int().min(0).max(60_000)
    .describe('Learned scores of one entity count once in this time: flows of one host are not independent (learning.md, section 3).'),
  thresholds: z.array(scoreThresholdSchema).max(8)
    .describe('By falling falsePositiveRateMax; a rate that the benign rows were too few for is left out.'),
}).readonly()

/** What fusion needs at run time; see `fusionParametersSchema` for units and bounds. */
export type FusionParameters = z.infer<typeof fusionParametersSchema>

/** How one source enters the sum. */
export type FusionSource = z.infer<typeof fusionSourceSchema>

/** A threshold with the guarantee it came with. */
export type ScoreThreshold = z.infer<typeof scoreThresholdSchema>

/**
 * What holds without any training: explicit tests count in full, up to their cap; there are no learned sources.
 * Prior -6.9: one entity in a thousand seen at a gateway is hostile at any time. Chosen low because false blocks cost most; tests of
 * ten independent trials outweigh it.
 */
export const UNTRAINED_FUSION: FusionParameters = fusionParametersSchema.parse({
  priorLogOdds: -6.9,
  sources: {},
  defaultTest: { weight: 1, cap: 12 },
  learnedIntervalMs: 1_000,
  thresholds: [],
})
