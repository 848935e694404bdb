import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../agent/kit/index.ts'
import type { Lab } from '../lab/lab.ts'
import type { Network } from './network.ts'

/** What every actor gets: the lab, its hosts, chance of its own, and when the curtain falls. */
export interface Stage {
  readonly lab: Lab
  readonly network: Network
  readonly startedAtMs: number
  readonly endAtMs: number
}

/** Waits, but not beyond the end. False when the end has come. */
export async function pause(stage: Stage, delayMs: number): Promise<boolean> {
  await sleep(Math.max(0, Math.min(delayMs, stage.endAtMs - Date.now())))
  return Date.now() < stage.endAtMs
}

/** Waits until `afterMs` of the play have passed. */
export function cue(stage: Stage, afterMs: number): Promise<boolean> {
  return pause(stage, stage.startedAtMs + afterMs - Date.now())
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
