import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { signalGroup, stopGroup } from '../../lab/lab.ts'
import type { Finished } from '../../lab/lab.ts'
import type { Random } from '../../../agent/kit/index.ts'
import { PLAN, siteName } from '../plan.ts'
import type { Activity, Scene } from '../scene.ts'
import { between, pause, thinkMs } from '../scene.ts'
import { placesOf } from '../servers/material.ts'
import type { Machine } from '../world.ts'

/** How long a program may go on after the scene's end. */
const LAST_WORDS_MS = 1_500
/** How long a stopped program gets before it is killed. */
const STOP_MS = 1_000

/** Runs a program to its end, or to the scene's and a little beyond. How it ends belongs to the traffic. */
export async function act(scene: Scene, machine: Machine, command: readonly string[]): Promise<Finished> {
  const child = scene.lab.start(machine, command)
  child.stdin?.end()
  return ending(scene, child)
}

/** A program that was started: waits for its end as `act` does. */
export async function ending(scene: Scene, child: ChildProcess): Promise<Finished> {
  const finished = scene.lab.finish(child)
  const timer = new AbortController()
  const untilMs = Math.max(0, scene.endAtMs + LAST_WORDS_MS - Date.now())
  const isLate = await Promise.race([finished.then(() => false), sleep(untilMs, true,
    { signal: timer.signal }).catch(() => false)])
  timer.abort()
  if (isLate) {
    stopGroup(child)
    if (await Promise.race([finished.then(() => false), sleep(STOP_MS, true)])) signalGroup(child, 'SIGKILL')
  }
  return finished
}

/**
 * Starts with a pause of its own, so that not everybody begins at once, and repeats `step` with think times of the
 * given median.
 */
export function repeatedly(medianMs: number, step: Activity): Activity {
  return async (scene, machine) => {
    if (!(await pause(scene, scene.random.uniform() * medianMs * 1.5))) return
    do {
      await step(scene, machine)
    } while (await pause(scene, thinkMs(scene.random, medianMs)))
  }
}

/** Repeats `step` with a fixed period, as programs do: with a jitter of one per cent. */
export function periodically(periodMs: number, step: Activity): Activity {
  return async (scene, machine) => {
    if (!(await pause(scene, scene.random.uniform() * periodMs))) return
    let nextMs = Date.now()
    do {
      await step(scene, machine)
      nextMs = Math.max(Date.now(), nextMs + periodMs * (0.995 + 0.01 * scene.random.uniform()))
    } while (await pause(scene, nextMs - Date.now()))
  }
}

/**
 * A site as people choose them: number N of the list about 1/N as often as the first (Zipf), and a third by everybody's
 * own taste.
 */
export function chooseSite(random: Random, machine: Machine): number {
  const rank = Math.min(PLAN.sites - 1, Math.floor(PLAN.sites ** random.uniform()) - 1)
  if (random.uniform() > 0.35) return rank
  const taste = Buffer.from(machine.name).reduce((sum, octet) => (sum * 31 + octet) % 997, 7)
  return (taste + rank * 37) % PLAN.sites
}

/** Name of a site so chosen. */
export function chooseSiteName(random: Random, machine: Machine): string {
  return siteName(chooseSite(random, machine))
}

/** Options of every ssh: the range's key, nothing of the user's own files. */
export function sshOptions(scene: Scene): string[] {
  return ['-i', placesOf(scene.lab).userKey, '-F', 'none', ...ANY_HOST_KEY, '-o', 'BatchMode=yes', '-o',
    'ConnectTimeout=6']
}

/** The range's host key is made anew each time, and nothing may be written to the user's known hosts. */
export const ANY_HOST_KEY = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o',
  'LogLevel=ERROR'] as const

/** A path of its own below the lab's folder, for what an activity fetches. */
export function scratch(scene: Scene, machine: Machine, name: string): string {
  return `${scene.lab.folder}/scratch-${machine.name}-${name}`
}

/** A number as a word, evenly from `low` to `high`. */
export function some(random: Random, low: number, high: number): string {
  return String(between(random, low, high))
}
