import { eventLayout } from '../../native/index.js'
import { CaptureError } from '../capture/index.ts'
import { openCaptureFiles } from '../capture/native-source.ts'
import type { EventBatch } from '../capture/index.ts'
import { classifyFlow, labelsByEnd } from '../evaluation/index.ts'
import type { LabelledCapture } from '../evaluation/index.ts'
import { EVENT_VECTOR_SCHEMA, FEATURE_SCHEMA, FeatureExtractor, SEQUENCE_STEPS, SequenceMemory } from '../features/index.ts'
import { createFlowNamer } from '../flows/index.ts'
import type { FlowNamer } from '../flows/index.ts'
import { LABEL, SampleCollector } from '../learning/index.ts'
import type { SampleLimits, TrainingSamples } from '../learning/index.ts'
import { drain } from './drain.ts'

/** What was gathered, and which captures could be read only in part. */
export interface CollectedSamples {
  readonly samples: TrainingSamples
  readonly broken: readonly CaptureError[]
}

/** The same extraction as in a replay, with the label of each event beside it. */
interface Extraction {
  readonly capture: LabelledCapture
  readonly extractor: FeatureExtractor
  readonly sequences: SequenceMemory
  readonly namer: FlowNamer
  readonly labelsOf: ReturnType<typeof labelsByEnd>
  readonly collector: SampleCollector
}

/** Evidence tests keep their full weight: few captures show each of them, too few to weigh one against another. */
const TESTS: readonly string[] = []
const NO_RATIOS = new Float32Array(0)

/**
 * Labelled captures through meter and features, each from fresh state: what the models are trained on. Captures in which only content
 * tells (`strength: payload`) are left out: behaviour cannot be learned from them.
 *
 * What could be read of a broken capture counts, and `broken` says why it ended. Throws CaptureError where a file cannot be opened.
 */
export async function collectSamples(
  captures: readonly LabelledCapture[], limits: SampleLimits, onProgress: (done: number, capture: LabelledCapture) => void,
): Promise<CollectedSamples> {
  const collector = new SampleCollector({
    features: { schemaVersion: FEATURE_SCHEMA.version, width: FEATURE_SCHEMA.features.length },
    sequences: { schemaVersion: EVENT_VECTOR_SCHEMA.version, steps: SEQUENCE_STEPS, width: EVENT_VECTOR_SCHEMA.features.length },
    tests: TESTS,
  }, limits)
  const broken: CaptureError[] = []
  for (const [done, capture] of captures.entries()) {
    onProgress(done, capture)
    if (capture.strength !== 'behaviour') continue
    const failure = await collectCapture(capture, collector)
    if (failure !== undefined) broken.push(failure)
  }
  return { samples: collector.finish(), broken }
}

async function collectCapture(capture: LabelledCapture, collector: SampleCollector): Promise<CaptureError | undefined> {
  collector.startCapture(capture.id, capture.source)
  const extraction: Extraction = {
    capture, collector, extractor: new FeatureExtractor(eventLayout), sequences: new SequenceMemory(eventLayout),
    namer: createFlowNamer(eventLayout, ['file']), labelsOf: labelsByEnd(capture.labels),
  }
  try {
    const source = openCaptureFiles([capture.file], { recordFlows: false })
    const failure = await drain(source, async (batch) => addBatch(extraction, batch))
    await source.close()
    if (failure === undefined) return undefined
    throw failure
  } catch (error) {
    if (error instanceof CaptureError && error.code !== 'CAPTURE_FILE_UNREADABLE') return error
    throw error
  }
}

function addBatch(extraction: Extraction, batch: EventBatch): void {
  const { extractor, sequences: memory, collector } = extraction
  const rows = extractor.extract(batch)
  const sequences = memory.select(batch, extractor.extractVectors(batch))
  const floats = sequences.steps * sequences.width
  for (let row = 0, next = 0; row < rows.length; row += 1) {
    const features = rows.values.subarray(row * rows.width, (row + 1) * rows.width)
    const label = labelOf(extraction, { batch, index: rows.eventIndexes[row]! })
    const isSequenceEnd = next < sequences.length && sequences.rows[next] === row
    const sequence = { values: sequences.values.subarray(next * floats, (next + 1) * floats), length: sequences.stepCounts[next] ?? 0 }
    if (isSequenceEnd) next += 1
    collector.add({ label, features, ratios: NO_RATIOS, ...(isSequenceEnd ? { sequence } : {}) })
  }
}

/**
 * What is known of the flow's source up to this event. Learned scores weigh against the source of a flow, so a row is an attack only
 * where a label blames that source. Answers to an attacker, spoofed sources and abused reflectors are neither attack nor benign.
 */
function labelOf(
  { capture, labelsOf, namer }: Extraction, event: { readonly batch: EventBatch; readonly index: number },
): number {
  const record = namer.name(event.batch, event.index)
  const flow = {
    source: record.sourceAddress, destination: record.destinationAddress,
    startMs: record.flowStartMilliseconds, endMs: record.flowEndMilliseconds,
  }
  const labels = labelsOf(flow).map((index) => capture.labels[index]!)
  const blamed = labels.filter(({ role, address }) => role === 'entity' && address === flow.source)
  if (classifyFlow(flow, { default: 'unknown', labels: blamed }) === 'attack') return LABEL.attack
  return classifyFlow(flow, { default: capture.default, labels }) === 'benign' ? LABEL.benign : LABEL.unknown
}
