import type { Random } from '../../../agent/kit/index.ts'
import { pause } from '../scene.ts'
import type { Scene } from '../scene.ts'

/** How an implant keeps time. */
export interface Rhythm {
  readonly periodMs: number
  /** 0 to 0.5: how far one beat may be from its place. */
  readonly jitterRatio: number
  /** Whether the next beat is due a period after the last one was due, or after it was done. */
  readonly isOnSchedule: boolean
}

const BEATS_MIN = 12
const ANSWERED_RATIO_MIN = 0.7

/** A rhythm with 2 to 45 s between beats that shows at least twelve until the scene ends. */
export function drawRhythm(scene: Scene): Rhythm {
  const { random } = scene
  const longestMs = Math.min(45_000, (scene.endAtMs - Date.now()) / (BEATS_MIN + 3))
  const shortestMs = Math.min(2_000, longestMs)
  return {
    // Even on a logarithmic scale: short periods are as frequent as long ones.
    periodMs: Math.round(shortestMs * (longestMs / shortestMs) ** random.uniform()),
    jitterRatio: pickJitter(random),
    isOnSchedule: random.uniform() < 0.5,
  }
}

function pickJitter(random: Random): number {
  return random.uniform() < 0.25 ? 0 : 0.5 * random.uniform()
}

/** In words, for the comment beside a label. */
export function describeRhythm({ periodMs, jitterRatio }: Rhythm): string {
  return `every ${(periodMs / 1_000).toFixed(1)} s, jitter ${Math.round(100 * jitterRatio)} %`
}

/** Calls `act` in that rhythm until the scene ends. Throws when too few beats were answered. */
export async function beat(scene: Scene, rhythm: Rhythm, act: (turn: number) => Promise<boolean>): Promise<void> {
  let [turns, answered, dueAtMs] = [0, 0, Date.now()]
  do {
    if (await act(turns)) answered += 1
    turns += 1
    const waitMs = rhythm.periodMs * (1 + rhythm.jitterRatio * (2 * scene.random.uniform() - 1))
    dueAtMs = (rhythm.isOnSchedule ? dueAtMs : Date.now()) + waitMs
  } while (await pause(scene, dueAtMs - Date.now()))
  if (answered < 8 || answered < ANSWERED_RATIO_MIN * turns) throw new Error(`only ${answered} of ${turns} beats were answered`)
}
