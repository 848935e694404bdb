import type { KeyValueStore, StoreChange } from '../kit/index.ts'
import type { ActiveDecision } from '../decision/index.ts'
import { jsonCodec, keysBelow } from './record-codec.ts'

const PREFIX = 'decision'
const decisionCodec = jsonCodec<ActiveDecision>()

/** Decisions in force by their target, so that they survive a restart; a renewed one replaces the former. Writes are durable. */
export class DecisionRepository {
  readonly #store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  /** Records new decisions and forgets ended ones, together or not at all. */
  async update(added: readonly ActiveDecision[], ended: readonly ActiveDecision[] = []): Promise<void> {
    if (added.length + ended.length === 0) return
    const changes: StoreChange[] = [
      ...ended.map(({ value }) => ({ type: 'del' as const, key: keyOf(value) })),
      ...added.map((decision) => ({ type: 'put' as const, key: keyOf(decision.value), value: decisionCodec.encode(decision) })),
    ]
    await this.#store.write(changes, { durable: true })
  }

  /** All recorded decisions, in the order of their numbers. */
  async all(): Promise<readonly ActiveDecision[]> {
    const decisions: ActiveDecision[] = []
    for await (const [, value] of this.#store.entries(keysBelow(PREFIX))) decisions.push(decisionCodec.decode(value))
    return decisions.sort((a, b) => a.id - b.id)
  }
}

function keyOf(value: string): string {
  return `${PREFIX}/${value}`
}
