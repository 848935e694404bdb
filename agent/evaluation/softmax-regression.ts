/** Rows of features for a classifier, row-major. */
export interface ClassifiedRows {
  readonly values: Float32Array
  readonly width: number
  readonly classes: Uint8Array
  readonly classCount: number
}

/** Says the class of any row of the rows it was fitted beside. */
export type RowClassifier = (row: number) => number

const PASSES = 300
const RATE = 0.5
const PENALTY = 1e-4

/**
 * Multinomial logistic regression on standardised columns by full gradient steps with momentum; classes weigh the same, however many rows
 * they have. Nothing is drawn at random: the same rows give the same classifier.
 */
export function fitSoftmax(rows: ClassifiedRows, training: Uint32Array): RowClassifier {
  const { width, classCount, classes } = rows
  const scaled = standardise(rows, training)
  const weights = new Float64Array(classCount * (width + 1))
  const velocity = new Float64Array(weights.length)
  const rowWeight = classWeights(classes, training, classCount)
  const shares = new Float64Array(classCount)
  for (let pass = 0; pass < PASSES; pass += 1) {
    const gradient = weights.map((weight) => PENALTY * weight)
    for (const row of training) {
      softmax(scoresOf(row), shares)
      for (let each = 0; each < classCount; each += 1) {
        const error = rowWeight[classes[row]!]! * (shares[each]! - (classes[row] === each ? 1 : 0))
        addScaled(gradient, { start: each * (width + 1), row, error })
      }
    }
    for (let index = 0; index < weights.length; index += 1) {
      velocity[index] = 0.9 * velocity[index]! - RATE * gradient[index]!
      weights[index]! += velocity[index]!
    }
  }
  return (row) => indexOfMost(scoresOf(row))

  function scoresOf(row: number): Float64Array {
    for (let each = 0; each < classCount; each += 1) {
      const start = each * (width + 1)
      let sum = weights[start + width]!
      for (let column = 0; column < width; column += 1) sum += weights[start + column]! * scaled[row * width + column]!
      shares[each] = sum
    }
    return shares
  }

  function addScaled(gradient: Float64Array, { start, row, error }: { start: number; row: number; error: number }): void {
    for (let column = 0; column < width; column += 1) gradient[start + column]! += error * scaled[row * width + column]!
    gradient[start + width]! += error
  }
}

/** The class of the nearest training row, by Euclidean distance of standardised columns. */
export function nearestNeighbour(rows: ClassifiedRows, training: Uint32Array): RowClassifier {
  const { width, classes } = rows
  const scaled = standardise(rows, training)
  return (row) => {
    let [nearest, least] = [training[0]!, Number.POSITIVE_INFINITY]
    for (const other of training) {
      let distance = 0
      for (let column = 0; column < width && distance < least; column += 1) {
        distance += (scaled[row * width + column]! - scaled[other * width + column]!) ** 2
      }
      if (distance < least) [nearest, least] = [other, distance]
    }
    return classes[nearest]!
  }
}

/** Every column with mean 0 and deviation 1 over the training rows; a column that never changes there becomes 0. */
function standardise({ values, width }: ClassifiedRows, training: Uint32Array): Float32Array {
  const [means, deviations] = [new Float64Array(width), new Float64Array(width)]
  for (const row of training) {
    for (let column = 0; column < width; column += 1) means[column]! += values[row * width + column]! / training.length
  }
  for (const row of training) {
    for (let column = 0; column < width; column += 1) {
      deviations[column]! += (values[row * width + column]! - means[column]!) ** 2 / training.length
    }
  }
  return values.map((value, index) => {
    const column = index % width
    return deviations[column]! > 1e-12 ? (value - means[column]!) / Math.sqrt(deviations[column]!) : 0
  })
}

function classWeights(classes: Uint8Array, training: Uint32Array, classCount: number): Float64Array {
  const counts = new Float64Array(classCount)
  for (const row of training) counts[classes[row]!]! += 1
  return counts.map((count) => (count === 0 ? 0 : 1 / count / classCount))
}

/** In place: `scores` may be the same array. */
function softmax(scores: Float64Array, shares: Float64Array): void {
  const most = scores.reduce((high, each) => Math.max(high, each), Number.NEGATIVE_INFINITY)
  let sum = 0
  for (let index = 0; index < scores.length; index += 1) {
    shares[index] = Math.exp(scores[index]! - most)
    sum += shares[index]!
  }
  for (let index = 0; index < shares.length; index += 1) shares[index]! /= sum
}

function indexOfMost(scores: Float64Array): number {
  return scores.reduce((best, score, index) => (score > scores[best]! ? index : best), 0)
}
