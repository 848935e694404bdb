// What people in a lab have in common: they pause, they think, they choose, and they stop at the end.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../agent/kit/index.ts'

/** Waits, but not beyond the end. False when the end has come. */
export async function pause(play: { readonly endAtMs: number }, delayMs: number): Promise<boolean> {
  await sleep(Math.max(0, Math.min(delayMs, play.endAtMs - Date.now())))
  return Date.now() < play.endAtMs
}

/** A think time: log-normal as people's are, with the given median; sigma 0.9, cut at eight medians. */
export function thinkMs(random: Random, medianMs: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform())
  return Math.min(8 * medianMs, medianMs * Math.exp(0.9 * normal))
}

/** One of several, evenly. */
export function pick<T>(random: Random, from: readonly T[]): T {
  const chosen = from[Math.floor(random.uniform() * from.length)]
  if (chosen === undefined) throw new Error('nothing to pick from')
  return chosen
}
