import { createRequire } from 'node:module'

export const { Capture, eventLayout, notifySystemd, peerCredentials } = createRequire(import.meta.url)('./build/phantommesh.node')
