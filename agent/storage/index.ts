/**
 * storage: the ordered store on level or in memory, the records kept in it, and the node's own key beside it.
 *
 * In:     KeyValueStore of kit; decisions, alerts, mode, audit entries.
 * Out:    the same after a restart. What is written durably is on disk before the promise resolves.
 * Bounds: alerts by count and age, the audit journal by count, decisions by the cap of the decision room.
 * Throws: StorageError (in use, newer schema, unusable, closed; a key that others may read, or that is none).
 */
export { AlertRepository } from './alert-repository.ts'
export type { AlertLimits } from './alert-repository.ts'
export { AuditJournal } from './audit-journal.ts'
export type { AuditCheck, AuditEntry, AuditRecord } from './audit-journal.ts'
export { DecisionRepository } from './decision-repository.ts'
export { StorageError } from './errors.ts'
export type { StorageProblem } from './errors.ts'
export { openLevelStore } from './level-store.ts'
export { openMemoryStore } from './memory-store.ts'
export type { Migration } from './migrations.ts'
export { openNodeKey, readNodeKey } from './node-key.ts'
export type { NodeKey } from './node-key.ts'
export { IdCounter, loadMode, saveMode } from './node-state.ts'
