import { CodedError } from '../kit/index.ts'

/** Why a request was turned down, with the HTTP status that says it and the place at fault. */
export type RequestProblem =
  | { readonly code: 'CONTROL_INVALID_REQUEST'; readonly place: string }
  | { readonly code: 'CONTROL_NOT_PERMITTED' }
  | { readonly code: 'CONTROL_NOT_FOUND'; readonly place: string }
  | { readonly code: 'CONTROL_UNKNOWN_ROUTE' }
  | { readonly code: 'CONTROL_REFUSED'; readonly place: string }
  | { readonly code: 'CONTROL_BODY_TOO_LARGE'; readonly place: string }
  | { readonly code: 'CONTROL_MEDIA_TYPE'; readonly place: string }
  | { readonly code: 'CONTROL_TIMEOUT' }
  | { readonly code: 'CONTROL_TOO_MANY_FOLLOWERS' }
  | { readonly code: 'CONTROL_INTERNAL' }

/** Why the server cannot listen. */
export type ServerProblem =
  | { readonly code: 'CONTROL_SOCKET_IN_USE'; readonly socketPath: string }
  | { readonly code: 'CONTROL_SOCKET_UNUSABLE'; readonly socketPath: string; readonly reason: string }

/** Why the client has no answer. */
export type ClientProblem =
  | { readonly code: 'CLIENT_NOT_REACHABLE'; readonly socketPath: string; readonly reason: string }
  | { readonly code: 'CLIENT_NOT_PERMITTED'; readonly socketPath: string }
  | { readonly code: 'CLIENT_REQUEST_FAILED'; readonly remoteCode: string; readonly place: string }
  | { readonly code: 'CLIENT_BAD_ANSWER'; readonly place: string }

/** The HTTP status of each code; the codes are the contract, the statuses help tools that know nothing of us. */
export const HTTP_STATUS: Readonly<Record<RequestProblem['code'], number>> = {
  CONTROL_INVALID_REQUEST: 400,
  CONTROL_NOT_PERMITTED: 403,
  CONTROL_NOT_FOUND: 404,
  CONTROL_UNKNOWN_ROUTE: 404,
  CONTROL_REFUSED: 409,
  CONTROL_BODY_TOO_LARGE: 413,
  CONTROL_MEDIA_TYPE: 415,
  CONTROL_TIMEOUT: 503,
  CONTROL_TOO_MANY_FOLLOWERS: 503,
  CONTROL_INTERNAL: 500,
}

/** Any expected failure of this room. */
export class ControlError extends CodedError<RequestProblem | ServerProblem | ClientProblem> {}
