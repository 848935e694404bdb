import { createServer } from 'node:http'
import { CodedError } from '../kit/index.ts'

/** Where metrics could not be served, and why. */
export class MetricsServerError extends CodedError<MetricsServerProblem> {}

/** The address of the configuration, and the kernel's word for what is wrong with it. */
export interface MetricsServerProblem {
  readonly code: 'DAEMON_METRICS_LISTEN'
  readonly listen: string
  readonly reason: string
}

/** A listening metrics server. */
export interface MetricsServer {
  readonly port: number
  close(): Promise<void>
}

/** Requests and connections wait for nobody longer than this. */
const REQUEST_MS_MAX = 5_000
const CONNECTIONS_MAX = 16

/**
 * Serves the Prometheus text at /metrics, and nothing else.
 *
 * @param listen `host:port`, as the configuration checked it
 */
export async function openMetricsServer(listen: string, metricsText: () => Promise<string>): Promise<MetricsServer> {
  const colon = listen.lastIndexOf(':')
  const server = createServer({ requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX }, (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end('metrics are at /metrics\n')
      return
    }
    metricsText().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code ?? error.message
      const problem = { code: 'DAEMON_METRICS_LISTEN', listen, reason } as const
      reject(new MetricsServerError(problem, `metrics.listen: cannot listen on ${listen}: ${reason}`))
    })
    server.listen({ host: listen.slice(0, colon).replaceAll(/[[\]]/g, ''), port: Number(listen.slice(colon + 1)) }, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}
