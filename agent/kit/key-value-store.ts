/** One change to the store. Values are opaque bytes; keys are text and sort by their UTF-8 bytes. */
export type StoreChange =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

/** A range of keys: `from` inclusive, `to` exclusive. */
export interface KeyRange {
  readonly from: string
  readonly to: string
  readonly limit?: number
  /** From the last key to the first. */
  readonly reverse?: boolean
}

/** A small ordered store. `storage` implements it on level; tests and simulations in memory. */
export interface KeyValueStore {
  get(key: string): Promise<Uint8Array | undefined>
  /** All changes or none. When `durable`, they are on disk (fsync) before the promise resolves. */
  write(changes: readonly StoreChange[], options: { readonly durable: boolean }): Promise<void>
  /** Entries of the range, in key order or its reverse. */
  entries(range: KeyRange): AsyncIterable<readonly [key: string, value: Uint8Array]>
  close(): Promise<void>
}
