import type { Config } from '../config/index.ts'
import type { Mode } from '../decision/index.ts'
import type { KeyValueStore, Logger } from '../kit/index.ts'
import { AlertRepository, AuditJournal, DecisionRepository, IdCounter, loadMode, openLevelStore } from '../storage/index.ts'

/** Everything that outlives the process. */
export interface Persistence {
  readonly store: KeyValueStore
  readonly ids: IdCounter
  readonly alerts: AlertRepository
  readonly decisions: DecisionRepository
  readonly audit: AuditJournal
  /** The mode an operator set, else that of the configuration. */
  readonly mode: Mode
  close(): Promise<void>
}

/** Opens the store of the state folder. Throws StorageError where another instance uses it, or it is newer than this program. */
export async function openPersistence(config: Config, logger: Logger): Promise<Persistence> {
  const store = await openLevelStore(config.paths.state)
  const ids = await IdCounter.open(store, (error) => logger.error({ error }, 'Numbers could not be reserved'))
  return {
    store,
    ids,
    alerts: await AlertRepository.open(store, config.storage),
    decisions: new DecisionRepository(store),
    audit: await AuditJournal.open(store, config.storage.auditMax),
    mode: (await loadMode(store)) ?? config.mode,
    async close() {
      await ids.close()
      await store.close()
    },
  }
}
