import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { readManifests } from '../../agent/evaluation/index.ts'
import type { LabelledCapture } from '../../agent/evaluation/index.ts'

/** The final exam: what comes from it never trains anything. */
export const NEVER_TRAINS = 'range-test'

/** A set of captures that the yardstick asks for. */
export interface Corpus {
  readonly name: string
  readonly manifest: string
  /** Who brings it, where it is missing. */
  readonly origin: string
  /** Undefined where the manifest is not there. */
  readonly captures: readonly LabelledCapture[] | undefined
}

/** Where the sets lie. */
export interface CorpusFolders {
  readonly data: string
  readonly range: string
}

/** Reads every manifest that is there; ids are unique over all of them. */
export function readCorpora({ data, range }: CorpusFolders): readonly Corpus[] {
  const shared = 'PHANTOMMESH_DATA, by default ../shared/data'
  const own = 'PHANTOMMESH_RANGE, by default .phantommesh/range'
  const sets = [
    ...['train', 'validation', 'benign'].map((name) => ({ name, manifest: path.join(data, `${name}.yaml`), origin: shared })),
    ...['train', 'test'].map((name) => ({ name: `range-${name}`, manifest: path.join(range, name, 'manifest.yaml'), origin: own })),
  ]
  const present = sets.filter(({ manifest }) => existsSync(manifest))
  // Together, so that an id which is given in two manifests is found.
  const all = readManifests(present.map(({ manifest }) => manifest))
  return sets.map((set) => ({
    ...set,
    captures: present.includes(set) ? all.filter(({ place }) => place.startsWith(`${set.manifest}:`)) : undefined,
  }))
}

/** The SHA-256 of a manifest's text. */
export function manifestHash({ manifest }: Corpus): string {
  return createHash('sha256').update(readFileSync(manifest)).digest('hex')
}
