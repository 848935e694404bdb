/** The API, version 1, as a table: what each route takes, answers and changes. The server mounts it; documents are made from it. */
import { z } from 'zod'
import type { AgentControl } from './agent-control.ts'
import { ControlError } from './errors.ts'
import { explainAlert } from './explain-alert.ts'
import {
  alertQuerySchema, alertSchema, alertSummarySchema, decisionQuerySchema, decisionSchema, explanationSchema, identifierSchema,
  modeChangeSchema, modeRequestSchema, modeSchema, newDecisionSchema, statusSchema, targetSchema, versionSchema,
} from './schema.ts'

/** The parts of a request: checked where the types say what they are, as they came where they do not. */
export interface RouteInput<P = unknown, Q = unknown, B = unknown> {
  readonly params: P
  readonly query: Q
  readonly body: B
}

/** One route. `operation` names it in the audit journal; routes that change nothing are not journalled. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly operation: string
  readonly changes: boolean
  readonly params: z.ZodType
  readonly query: z.ZodType
  readonly body: z.ZodType
  readonly answer: z.ZodType
  /** Checks the parts and answers. Throws ControlError for whatever cannot be answered. */
  handle(control: AgentControl, input: RouteInput): Promise<unknown>
}

const nothing = z.strictObject({})
const noBody = z.union([z.undefined(), z.null()], { error: 'must be absent: this route takes no body' })
const PLAIN = { params: nothing, query: nothing, body: noBody, changes: false }

/** What the rules that refuse an operator's decision mean; a rule not listed is told by its name. */
const REFUSALS: Readonly<Record<string, string>> = {
  'never-block': 'it overlaps the list of addresses never to block',
  'too-wide': 'the prefix is wider than response.prefixLength4Min or prefixLength6Min allow, or the enforcer (/24 and /56 unless told)',
  'cap': 'as many decisions as response.elementsMax allows are in force',
  'off': 'the mode is off',
  'lifted': 'it was lifted or replaced before it was in force',
}

/** All routes but the event stream, which the server serves by itself. */
export const ROUTES: readonly Route[] = [
  route({ ...PLAIN, method: 'GET', url: '/v1/status', operation: 'status', answer: statusSchema, handle: (control) => control.status() }),
  route({
    ...PLAIN, method: 'GET', url: '/v1/version', operation: 'version', answer: versionSchema,
    handle: async (control) => control.version(),
  }),
  route({ ...PLAIN, method: 'GET', url: '/v1/metrics', operation: 'metrics', answer: z.string(), handle: (control) => control.metrics() }),
  route({
    ...PLAIN, method: 'GET', url: '/v1/alerts', operation: 'alerts.list', query: alertQuerySchema,
    answer: z.object({ alerts: z.array(alertSummarySchema) }),
    handle: async (control, { query }) => ({ alerts: await control.alerts(query) }),
  }),
  route({
    ...PLAIN, method: 'GET', url: '/v1/alerts/:id', operation: 'alerts.show', params: identifierSchema, answer: alertSchema,
    handle: (control, { params }) => alertOf(control, params.id),
  }),
  route({
    ...PLAIN, method: 'GET', url: '/v1/alerts/:id/explanation', operation: 'alerts.explain', params: identifierSchema,
    answer: explanationSchema,
    handle: async (control, { params }) => explainAlert(await alertOf(control, params.id)),
  }),
  route({
    ...PLAIN, method: 'GET', url: '/v1/decisions', operation: 'decisions.list', query: decisionQuerySchema,
    answer: z.object({ decisions: z.array(decisionSchema) }),
    handle: async (control, { query }) => ({ decisions: await control.decisions(query) }),
  }),
  route({
    ...PLAIN, method: 'POST', url: '/v1/decisions', operation: 'decisions.add', changes: true, body: newDecisionSchema,
    answer: decisionSchema,
    handle: async (control, { body }) => {
      const added = await control.addDecision(body)
      if (added.outcome === 'added') return added.decision
      const words = [added.reason, REFUSALS[added.reason] ?? []].flat().join(': ')
      throw new ControlError({ code: 'CONTROL_REFUSED', place: 'body.target' }, `${body.target} was not added: ${words}`)
    },
  }),
  route({
    ...PLAIN, method: 'DELETE', url: '/v1/decisions/:id', operation: 'decisions.delete', changes: true, params: identifierSchema,
    answer: z.object({ deleted: z.array(decisionSchema) }),
    handle: async (control, { params }) => {
      const deleted = await control.deleteDecisions({ id: params.id })
      if (deleted.length === 0) throw notFound(`there is no active decision ${params.id}`, 'params.id')
      return { deleted }
    },
  }),
  route({
    ...PLAIN, method: 'DELETE', url: '/v1/decisions', operation: 'decisions.delete', changes: true,
    query: z.strictObject({ target: targetSchema }),
    answer: z.object({ deleted: z.array(decisionSchema) }),
    handle: async (control, { query }) => {
      const deleted = await control.deleteDecisions({ target: query.target })
      if (deleted.length === 0) throw notFound(`there is no active decision on ${query.target}`, 'query.target')
      return { deleted }
    },
  }),
  route({
    ...PLAIN, method: 'GET', url: '/v1/mode', operation: 'mode.get', answer: z.object({ mode: modeSchema }),
    handle: async (control) => ({ mode: control.mode() }),
  }),
  route({
    ...PLAIN, method: 'GET', url: '/v1/mode/preview', operation: 'mode.preview', query: modeRequestSchema, answer: modeChangeSchema,
    handle: (control, { query }) => control.previewMode(query.mode),
  }),
  route({
    ...PLAIN, method: 'PUT', url: '/v1/mode', operation: 'mode.set', changes: true, body: modeRequestSchema, answer: modeChangeSchema,
    handle: (control, { body }) => control.setMode(body.mode),
  }),
]

/** Checks one part of a request. The first fault is told, with the field it is about. */
export function checkPart<T>(schema: z.ZodType<T>, value: unknown, part: string): T {
  const checked = schema.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]!
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const place = [part, ...issue.path, ...unknownKey].join('.')
  const message = unknownKey.length > 0 ? 'is not known here' : issue.message
  throw new ControlError({ code: 'CONTROL_INVALID_REQUEST', place }, `${place}: ${message}`)
}

interface RouteDefinition<P, Q, B> extends Pick<Route, 'method' | 'url' | 'operation' | 'changes' | 'answer'> {
  readonly params: z.ZodType<P>
  readonly query: z.ZodType<Q>
  readonly body: z.ZodType<B>
  readonly handle: (control: AgentControl, input: RouteInput<P, Q, B>) => Promise<unknown>
}

function route<P, Q, B>(definition: RouteDefinition<P, Q, B>): Route {
  const { params, query, body, handle } = definition
  return {
    ...definition,
    handle: async (control, raw) => handle(control, {
      params: checkPart(params, raw.params, 'params'),
      query: checkPart(query, raw.query, 'query'),
      body: checkPart(body, raw.body, 'body'),
    }),
  }
}

async function alertOf(control: AgentControl, id: number) {
  const alert = await control.alert(id)
  if (alert === undefined) throw notFound(`there is no alert ${id}, or it is older than what is kept`, 'params.id')
  return alert
}

function notFound(message: string, place: string): ControlError {
  return new ControlError({ code: 'CONTROL_NOT_FOUND', place }, message)
}
