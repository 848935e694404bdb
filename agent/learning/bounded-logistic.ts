/** A weighted logistic regression whose coefficients are kept within bounds. */
export interface LogisticProblem {
  /** Row-major, `width` columns. Write a column of ones for an intercept. */
  readonly features: Float64Array
  readonly width: number
  readonly labels: ArrayLike<number>
  /** Weight of each row; only the ratios matter. */
  readonly weights: ArrayLike<number>
  readonly lower: readonly number[]
  readonly upper: readonly number[]
  /** Ridge penalty ridge/2 · (coefficient - centre)², beside the mean log-loss. */
  readonly ridge: readonly number[]
  readonly centre: readonly number[]
}

const STEPS_MAX = 100
const HALVINGS_MAX = 40
const GRADIENT_MIN = 1e-9

/**
 * The coefficients of least penalised loss within the bounds, by projected Newton steps: coefficients at a bound that the gradient
 * pushes outwards stand still, the others take a Newton step, halved until the loss falls (Bertsekas, "Projected Newton methods",
 * SIAM J. Control 20, 1982). The ridge makes the minimum unique; few columns are meant (the cost is width³ a step).
 */
export function fitBoundedLogistic(problem: LogisticProblem): number[] {
  let coefficients = problem.centre.map((value, index) => project(problem, index, value))
  let current = evaluate(problem, coefficients)
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const { gradient, hessian } = current
    const free = gradient.flatMap((slope, index) => (isHeld(problem, coefficients[index]!, { index, slope }) ? [] : [index]))
    if (free.every((index) => Math.abs(gradient[index]!) < GRADIENT_MIN)) break
    const direction = solve(free.map((row) => free.map((column) => hessian[row]![column]!)), free.map((index) => -gradient[index]!))
    const next = lineSearch(problem, { coefficients, loss: current.loss }, { free, direction })
    if (next === undefined) break
    coefficients = next
    current = evaluate(problem, coefficients)
  }
  return coefficients
}

function isHeld(
  { lower, upper }: LogisticProblem, value: number, { index, slope }: { readonly index: number; readonly slope: number },
): boolean {
  return (value <= lower[index]! && slope > 0) || (value >= upper[index]! && slope < 0)
}

function project({ lower, upper }: LogisticProblem, index: number, value: number): number {
  return Math.min(upper[index]!, Math.max(lower[index]!, value))
}

function lineSearch(
  problem: LogisticProblem, from: { readonly coefficients: readonly number[]; readonly loss: number },
  { free, direction }: { readonly free: readonly number[]; readonly direction: readonly number[] },
): number[] | undefined {
  for (let halving = 0, length = 1; halving < HALVINGS_MAX; halving += 1, length /= 2) {
    const candidate = [...from.coefficients]
    for (const [position, index] of free.entries()) {
      candidate[index] = project(problem, index, from.coefficients[index]! + length * direction[position]!)
    }
    if (penalisedLoss(problem, candidate) < from.loss) return candidate
  }
  return undefined
}

/** Loss, gradient and Hessian in one pass over the rows. */
function evaluate(problem: LogisticProblem, coefficients: readonly number[]) {
  const { features, width, labels, weights, ridge, centre } = problem
  const gradient = coefficients.map(() => 0)
  const hessian = coefficients.map(() => coefficients.map(() => 0))
  let total = 0
  for (let row = 0; row < labels.length; row += 1) {
    const weight = weights[row]!
    const probability = 1 / (1 + Math.exp(-linear(problem, coefficients, row)))
    const residual = weight * (probability - labels[row]!)
    const curvature = weight * probability * (1 - probability)
    total += weight
    for (let i = 0; i < width; i += 1) {
      const value = features[row * width + i]!
      gradient[i]! += residual * value
      for (let j = 0; j <= i; j += 1) hessian[i]![j]! += curvature * value * features[row * width + j]!
    }
  }
  for (let i = 0; i < width; i += 1) {
    gradient[i] = gradient[i]! / total + ridge[i]! * (coefficients[i]! - centre[i]!)
    for (let j = 0; j <= i; j += 1) {
      const value = hessian[i]![j]! / total + (i === j ? ridge[i]! : 0)
      hessian[i]![j] = value
      hessian[j]![i] = value
    }
  }
  return { loss: penalisedLoss(problem, coefficients), gradient, hessian }
}

function penalisedLoss(problem: LogisticProblem, coefficients: readonly number[]): number {
  let [loss, total] = [0, 0]
  for (let row = 0; row < problem.labels.length; row += 1) {
    const z = linear(problem, coefficients, row)
    loss += problem.weights[row]! * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - problem.labels[row]! * z)
    total += problem.weights[row]!
  }
  const penalty = coefficients.reduce((sum, value, i) => sum + problem.ridge[i]! / 2 * (value - problem.centre[i]!) ** 2, 0)
  return loss / total + penalty
}

function linear({ features, width }: LogisticProblem, coefficients: readonly number[], row: number): number {
  let sum = 0
  for (let column = 0; column < width; column += 1) sum += features[row * width + column]! * coefficients[column]!
  return sum
}

/** Solves a small symmetric positive definite system by elimination; the ridge keeps the pivots away from zero. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, index) => [...row, right[index]!])
  const size = rows.length
  for (let pivot = 0; pivot < size; pivot += 1) {
    for (let row = pivot + 1; row < size; row += 1) {
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!
      for (let column = pivot; column <= size; column += 1) rows[row]![column]! -= factor * rows[pivot]![column]!
    }
  }
  const solution = right.map(() => 0)
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = rows[row]![size]!
    for (let column = row + 1; column < size; column += 1) sum -= rows[row]![column]! * solution[column]!
    solution[row] = sum / rows[row]![row]!
  }
  return solution
}
