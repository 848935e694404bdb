// Stands in for the inference worker and dies of the first request.
import { parentPort } from 'node:worker_threads'

parentPort.on('message', (request) => {
  if (request.close) parentPort.close()
  else throw new Error('struck down')
})
parentPort.postMessage({ ready: true })
