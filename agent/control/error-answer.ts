import type { ErrorAnswer } from './schema.ts'
import { ControlError, HTTP_STATUS } from './errors.ts'
import type { RequestProblem } from './errors.ts'

/** A failed request as it goes out. `isOurs` is true where the fault is the daemon's and belongs into its log. */
export interface FailedRequest {
  readonly status: number
  readonly body: ErrorAnswer
  readonly isOurs: boolean
}

/** What fastify's own codes mean here; anything else from it with a 4xx status is an invalid request. */
const FASTIFY_CODES: Readonly<Record<string, RequestProblem['code']>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'CONTROL_BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'CONTROL_MEDIA_TYPE',
  FST_ERR_HANDLER_TIMEOUT: 'CONTROL_TIMEOUT',
}

/**
 * The answer to a request that failed.
 *
 * @param error whatever was thrown; the words of unexpected errors stay in the log
 * @param request its method and path, the place of last resort
 */
export function failedRequest(error: unknown, request: string): FailedRequest {
  const { code, message, place } = describe(error)
  return { status: HTTP_STATUS[code], isOurs: code === 'CONTROL_INTERNAL', body: { error: { code, message, place: place ?? request } } }
}

interface Description {
  readonly code: RequestProblem['code']
  readonly message: string
  readonly place?: string | undefined
}

function describe(error: unknown): Description {
  if (error instanceof ControlError && isRequestCode(error.code)) {
    return { code: error.code, message: error.message, place: 'place' in error.problem ? error.problem.place : undefined }
  }
  return describeForeign(error) ?? { code: 'CONTROL_INTERNAL', message: 'the agent failed to answer; its log has the reason' }
}

/** Errors of fastify carry its code and a status. */
function describeForeign(error: unknown): Description | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('statusCode' in error)) return undefined
  const code = FASTIFY_CODES[String(error.code)]
  if (code === 'CONTROL_TIMEOUT') return { code, message: 'the agent did not answer in time' }
  if (code !== undefined) return { code, message: error.message, place: 'body' }
  const isClients = typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500
  return isClients ? { code: 'CONTROL_INVALID_REQUEST', message: error.message, place: 'body' } : undefined
}

function isRequestCode(code: string): code is RequestProblem['code'] {
  return Object.hasOwn(HTTP_STATUS, code)
}
