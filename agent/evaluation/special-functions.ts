/**
 * The regularised incomplete gamma and beta functions, on which exact Poisson and binomial bounds rest.
 * Formulas by their numbers in the NIST Digital Library of Mathematical Functions (dlmf.nist.gov). Relative error below 1e-12
 * for counts of some thousands and 1e-8 for a million, where the logarithms of the factorials cancel.
 */

const EPSILON = 1e-16
/** Stands for a zero denominator in Lentz's method. */
const TINY = 1e-300
/** Continued fractions and series need about sqrt(a) terms; this is enough for counts of 1e10. */
const TERMS_MAX = 200_000
/** B(2k) / (2k (2k − 1)) for k = 1 .. 6. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1_260, -1 / 1_680, 1 / 1_188, -691 / 360_360]
const LOG_SQRT_2_PI = 0.5 * Math.log(2 * Math.PI)

/** ln Γ(x) for x > 0: Stirling's series (5.11.1) after shifting x above 15, where six terms leave less than 1e-16. */
export function logGamma(x: number): number {
  let shift = 0
  let z = x
  for (; z < 15; z += 1) shift += Math.log(z)
  const inverse = 1 / (z * z)
  const series = STIRLING.reduceRight((sum, coefficient) => coefficient + inverse * sum, 0) / z
  return (z - 0.5) * Math.log(z) - z + LOG_SQRT_2_PI + series - shift
}

/** Q(a, x) = Γ(a, x) / Γ(a): the probability that a Poisson variable of mean x is below a (8.4.10 for whole a). */
export function upperIncompleteGamma(a: number, x: number): number {
  if (x <= 0) return 1
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a))
  return x < a + 1 ? 1 - (scale * gammaSeries(a, x)) : scale * gammaFraction(a, x)
}

/** I_x(a, b): the probability that a Beta(a, b) variable is at most x (8.17.2). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const scale = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  // 8.17.4: the fraction converges quickly on the near side of the mean.
  return x < (a + 1) / (a + b + 2) ? scale * betaFraction(x, a, b) / a : 1 - scale * betaFraction(1 - x, b, a) / b
}

/** 8.11.4 without its prefactor. */
function gammaSeries(a: number, x: number): number {
  let term = 1 / a
  let sum = term
  for (let n = 1; n < TERMS_MAX && term > sum * EPSILON; n += 1) {
    term *= x / (a + n)
    sum += term
  }
  return sum
}

/** 8.9.2 in its even form: x + 1 − a − 1·(1−a)/(x + 3 − a − 2·(2−a)/(x + 5 − a − …)). */
function gammaFraction(a: number, x: number): number {
  return continuedFraction((n) => (n === 0 ? { numerator: 1, denominator: x + 1 - a }
    : { numerator: n * (a - n), denominator: x + 2 * n + 1 - a }))
}

/** 8.17.22. */
function betaFraction(x: number, a: number, b: number): number {
  return continuedFraction((n) => {
    if (n === 0) return { numerator: 1, denominator: 1 }
    const m = Math.floor(n / 2)
    const numerator = n % 2 === 0
      ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return { numerator, denominator: 1 }
  })
}

/** n₀/(d₀ + n₁/(d₁ + …)) by the modified Lentz method (Thompson and Barnett 1986). */
function continuedFraction(term: (n: number) => { readonly numerator: number; readonly denominator: number }): number {
  const first = term(0)
  let value = first.denominator || TINY
  let c = value
  let d = 0
  for (let n = 1; n < TERMS_MAX; n += 1) {
    const { numerator, denominator } = term(n)
    d = 1 / (denominator + numerator * d || TINY)
    c = denominator + numerator / c || TINY
    const factor = c * d
    value *= factor
    if (Math.abs(factor - 1) < EPSILON * 4) break
  }
  return first.numerator / value
}
