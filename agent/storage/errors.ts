import { CodedError } from '../kit/index.ts'

/** Why the store cannot be used. */
export type StorageProblem =
  | { readonly code: 'STORAGE_IN_USE'; readonly directory: string }
  | { readonly code: 'STORAGE_NEWER'; readonly directory: string; readonly version: number; readonly supported: number }
  | { readonly code: 'STORAGE_UNUSABLE'; readonly directory: string; readonly reason: string }
  | { readonly code: 'STORAGE_CLOSED' }
  | { readonly code: 'STORAGE_KEY_EXPOSED'; readonly file: string; readonly mode: string }
  | { readonly code: 'STORAGE_KEY_PERMISSION_DENIED'; readonly file: string }
  | { readonly code: 'STORAGE_KEY_UNUSABLE'; readonly file: string; readonly reason: string }

/** A store or key that cannot be opened or used; the message names its place. */
export class StorageError extends CodedError<StorageProblem> {}
