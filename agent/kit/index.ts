/**
 * kit: what several rooms use, and nothing else: ports (types) and small pure data structures.
 *
 * Time, chance and IO are only *described* here; the daemon's edges bring them.
 */
export { addressKey } from './address-key.ts'
export type { AddressKey } from './address-key.ts'
export { calibratedLogRatio } from './beta-calibration.ts'
export type { BetaCalibration } from './beta-calibration.ts'
export type { Cancel, Clock } from './clock.ts'
export { CodedError } from './coded-error.ts'
export type { Problem } from './coded-error.ts'
export { goDuration } from './duration.ts'
export { ExpiringMap } from './expiring-map.ts'
export type { ExpiringMapLimits } from './expiring-map.ts'
export { formatAddress, formatPrefix, parseAddress, parsePrefix, prefixContains } from './ip-address.ts'
export type { IpAddress, IpPrefix } from './ip-address.ts'
export type { KeyRange, KeyValueStore, StoreChange } from './key-value-store.ts'
export { silentLogger } from './logger.ts'
export type { Logger } from './logger.ts'
export { elementOffsets, RecordView } from './record-view.ts'
export type { ElementType, SharedRecords } from './record-view.ts'
export { integerBelow, seededRandom } from './random.ts'
export type { Random } from './random.ts'
export { protocolName } from './protocol-name.ts'
export { SlotMap } from './slot-map.ts'
