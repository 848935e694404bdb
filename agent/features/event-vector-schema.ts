import type { FeatureDefinition, FeatureSchema } from './feature-schema.ts'

/** Steps of the longest sequence that the sequence model reads, and columns of a step (16 x 16: performance.md). */
export const SEQUENCE_STEPS = 16

/** Column of the gap since the entity's previous event: the one value that only the sequence memory knows. */
export const GAP_COLUMN = 5

/** One event as a step of a sequence: few columns, all within [-1, 1], so that a small recurrent model learns fast. */
export const EVENT_VECTOR_SCHEMA: FeatureSchema = {
  version: '1.0.0',
  features: [
    scaled('octets', 'ln octets / 20'),
    scaled('reverseOctets', 'ln octets / 20'),
    { name: 'producerConsumerRatio', unit: 'share', range: [-1, 1], source: 'Bullard, Gerth, FloCon 2014' },
    scaled('packets', 'ln packets, both ways / 15'),
    scaled('duration', 'ln milliseconds / 20'),
    scaled('gapSincePreviousEvent', 'ln milliseconds / 20'),
    scaled('meanLength', 'octets / 1500'),
    scaled('reverseMeanLength', 'octets / 1500'),
    scaled('gapVariation', 'v / (1 + v), v = deviation / mean of forward gaps'),
    scaled('handshakeProgress', 'share'),
    scaled('contactFailed', 'share'),
    scaled('isTcp', 'share'),
    scaled('isUdp', 'share'),
    scaled('destinationPortClass', 'share'),
    scaled('isFirstContact', 'share'),
    scaled('hasEnded', 'share'),
  ],
}

function scaled(name: string, unit: string): FeatureDefinition {
  return { name, unit, range: [0, 1], source: 'RFC 5103, RFC 7012: the flow as the meter sees it' }
}
