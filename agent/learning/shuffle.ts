import { integerBelow } from '../kit/index.ts'
import type { Random } from '../kit/index.ts'

/** Puts `items` into a random order, in place (Fisher-Yates; Knuth, TAOCP 3.4.2, algorithm P). */
export function shuffle(items: number[], random: Random): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = integerBelow(random, last + 1)
    const held = items[last]!
    items[last] = items[other]!
    items[other] = held
  }
}
