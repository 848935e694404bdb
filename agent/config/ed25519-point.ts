/**
 * Whether 32 octets are a public key that means something (RFC 8032, sections 5.1.2 to 5.1.4). `node:crypto` takes any 32 octets for a
 * key and lets every verification fail. With the eight points of small order, all zeros among them, anybody can make signatures that
 * satisfy the equation; OpenSSL 3.0 accepts them, 3.5 does not.
 */

/** The field of Curve25519, the constant of the curve -x² + y² = 1 + d·x²·y², and a square root of -1. */
const P = 2n ** 255n - 19n
const D = modulo(-121_665n * inverse(121_666n))
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n)

interface Point {
  readonly x: bigint
  readonly y: bigint
}

/** Whether `hex`, 64 hexadecimal digits, is a point of the curve whose order is not small. */
export function isPublicKey(hex: string): boolean {
  const point = decode(hex)
  if (point === undefined) return false
  const eightfold = double(double(double(point)))
  return eightfold.x !== 0n || eightfold.y !== 1n
}

/** Little-endian y with the sign of x in the highest bit. */
function decode(hex: string): Point | undefined {
  const encoded = BigInt(`0x${hex.match(/../g)?.toReversed().join('') ?? '0'}`)
  const y = BigInt.asUintN(255, encoded)
  if (y >= P) return undefined
  const root = squareRoot(modulo((y * y - 1n) * inverse(D * y * y + 1n)))
  if (root === undefined) return undefined
  const isOdd = encoded >> 255n === 1n
  if (root === 0n && isOdd) return undefined
  return { x: (root % 2n === 1n) === isOdd ? root : P - root, y }
}

function squareRoot(square: bigint): bigint | undefined {
  const root = power(square, (P + 3n) / 8n)
  return [root, modulo(root * ROOT_OF_MINUS_1)].find((each) => modulo(each * each) === square)
}

/** The complete addition law of the curve, for a point and itself. */
function double({ x, y }: Point): Point {
  const product = modulo(D * x * x * y * y)
  return { x: modulo(2n * x * y * inverse(1n + product)), y: modulo((y * y + x * x) * inverse(1n - product)) }
}

function inverse(value: bigint): bigint {
  return power(modulo(value), P - 2n)
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = base, left = exponent; left > 0n; left >>= 1n, square = modulo(square * square)) {
    if (left % 2n === 1n) result = modulo(result * square)
  }
  return result
}

function modulo(value: bigint): bigint {
  const rest = value % P
  return rest < 0n ? rest + P : rest
}
