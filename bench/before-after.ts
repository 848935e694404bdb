// CPU a packet of the native meter in this tree and in an earlier commit, in one run.
//
//   npm run bench:before-after -- COMMIT [FILE...]      (without files: the captures of bench:peers, made anew)
//
// The commit is built in a worktree of its own under the system's temporary folder, with this tree's packages. Both read each file
// ROUNDS times in turn (and three times a round); the median of the rounds counts. Only the ratio means something.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { makeFlood, makeMixed } from './make-captures.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const ROUNDS = 5
const MIXED_PACKETS = 2_000_000

const [commit, ...files] = process.argv.slice(2)
if (commit === undefined) {
  console.error('usage: npm run bench:before-after -- COMMIT [FILE...]')
  process.exitCode = 2
} else {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'phantommesh-before-'))
  try {
    compare(buildAt(commit, folder), files.length > 0 ? files : madeCaptures(folder))
  } finally {
    spawnSync('git', ['worktree', 'remove', '--force', path.join(folder, 'tree')], { cwd: ROOT })
    rmSync(folder, { recursive: true })
  }
}

function compare(before: string, captures: readonly string[]): void {
  console.log(`| capture | before (${commit}), ns | now, ns | now / before |\n|---|---|---|---|`)
  for (const file of captures) {
    const rounds = Array.from({ length: ROUNDS }, () => [nsAPacket(before, file), nsAPacket(ROOT, file)] as const)
    const [was, is] = [median(rounds.map(([first]) => first)), median(rounds.map(([, second]) => second))]
    console.log(`| ${path.basename(file)} | ${was} | ${is} | ${(is / was).toFixed(2)} |`)
  }
}

/** The tree of the commit, built. */
function buildAt(name: string, folder: string): string {
  const tree = path.join(folder, 'tree')
  execFileSync('git', ['worktree', 'add', '--detach', tree, name], { cwd: ROOT, stdio: 'ignore' })
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(tree, 'node_modules'))
  execFileSync(process.execPath, ['scripts/build-native.mjs'], { cwd: tree, stdio: 'ignore' })
  return tree
}

function nsAPacket(tree: string, file: string): number {
  const output = execFileSync(process.execPath, ['bench/meter-raw.ts', file], { cwd: tree, encoding: 'utf8' })
  return Number(/(\d+) ns CPU a packet/.exec(output)![1])
}

function madeCaptures(folder: string): string[] {
  const made = path.join(folder, 'captures')
  mkdirSync(made)
  makeMixed(path.join(made, 'mixed.pcap'), MIXED_PACKETS)
  makeFlood(path.join(made, 'flood.pcap'))
  return ['mixed.pcap', 'flood.pcap'].map((name) => path.join(made, name))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
