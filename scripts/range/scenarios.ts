import { seededRandom } from '../../agent/kit/index.ts'
import type { Random } from '../../agent/kit/index.ts'
import { REACTIVE } from './attacks/reaction.ts'
import { REPERTOIRE } from './attacks/repertoire.ts'
import type { Population } from './build-range.ts'
import type { Attack } from './scene.ts'

/** What is played. */
export interface Scenario {
  readonly what: string
  readonly minutes: number
  readonly population: Population
  readonly attacks: readonly Attack[]
  readonly playsPerCategoryMin: number
  readonly playsPerCategoryMax: number
}

/** No limit: a scenario of one category shows all of it. */
const ALL = 1_000

const CROWD: Population['benign'] = { wireguard: 14, openvpn: 8, branch: 10 }
const NOBODY: Population['benign'] = { wireguard: 0, openvpn: 0, branch: 0 }

const toolOf = ({ category, tool }: Attack): string => `${category} ${tool}`
const TRAINING_TOOLS = new Set(REPERTOIRE.filter(({ corpora }) => corpora.includes('train')).map(toolOf))
const CATEGORIES = [...new Set(REPERTOIRE.map(({ category }) => category))]

/** Every scenario by name. `train` and `test` are the corpora; a category's name plays its attacks of both. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  benign: {
    what: 'ordinary traffic only', minutes: 10, population: { benign: CROWD, infected: NOBODY }, attacks: [],
    playsPerCategoryMin: 0, playsPerCategoryMax: ALL,
  },
  train: corpus('train'),
  test: corpus('test'),
  reactive: {
    what: 'attackers who notice that they are stopped: wait, change their address, move to the other gateway (with --agent enforce)',
    minutes: 8, population: { benign: { wireguard: 4, openvpn: 2, branch: 4 }, infected: NOBODY }, attacks: REACTIVE,
    playsPerCategoryMin: 0, playsPerCategoryMax: ALL,
  },
  ...Object.fromEntries(CATEGORIES.map((category) => [category, single(category)])),
}

function corpus(which: 'train' | 'test'): Scenario {
  return {
    what: `every category, with the tools that the ${which} corpus may show`,
    minutes: 25,
    population: { benign: CROWD, infected: { wireguard: 8, openvpn: 6, branch: 12 } },
    attacks: REPERTOIRE.filter((attack) => isFor(attack, which)),
    playsPerCategoryMin: 8,
    playsPerCategoryMax: 12,
  }
}

/** A tool that training may show in a category is in none of its attacks in the test corpus: there everything is new. */
function isFor(attack: Attack, which: 'train' | 'test'): boolean {
  return attack.corpora.includes(which) && (which === 'train' || !TRAINING_TOOLS.has(toolOf(attack)))
}

function single(category: string): Scenario {
  return {
    what: `ordinary traffic with every attack of category ${category}`,
    minutes: 10,
    population: { benign: { wireguard: 4, openvpn: 2, branch: 4 }, infected: { wireguard: 4, openvpn: 3, branch: 6 } },
    attacks: REPERTOIRE.filter((attack) => attack.category === category),
    playsPerCategoryMin: 0,
    playsPerCategoryMax: ALL,
  }
}

/** A stream of chance of its own for everybody: what one does, does not move what another does. FNV-1a over the name. */
export function chanceOf(seed: number, name: string): Random {
  let hash = 2_166_136_261
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0)!, 16_777_619) >>> 0
  return seededRandom((hash ^ Math.imul(seed, 2_654_435_761)) >>> 0)
}
