/**
 * storage: the ordered store on level or in memory, and the records kept in it.
 *
 * In:     KeyValueStore of kit; decisions, alerts, mode, audit entries.
 * Out:    the same after a restart. What is written durably is on disk before the promise resolves.
 * Bounds: alerts by count and age, the audit journal by count, decisions by the cap of the decision room.
 * Throws: StorageError (in use, newer schema, unusable, closed).
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
export { IdCounter, loadMode, saveMode } from './node-state.ts'
