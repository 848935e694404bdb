import { lstatSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The folder that holds `bin/`, `agent/` and `models/`: a checkout, or where a package put it. */
export const ROOT = path.resolve(import.meta.dirname, '../..')

/** The version of package.json. */
export function packageVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
  const version: unknown = typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined
  return typeof version === 'string' ? version : 'unknown'
}

/** Where a daemon may listen: that of the checkout, then the installed one. */
export const SOCKET_CANDIDATES = [path.join(ROOT, '.phantommesh', 'agent.sock'), '/run/phantommesh/agent.sock'] as const

/** The socket to use: as told, else the first that exists, else the checkout's. */
export function chooseSocket(told: string | undefined): string {
  if (told !== undefined && told !== '') return path.resolve(told)
  return SOCKET_CANDIDATES.find(mayExist) ?? SOCKET_CANDIDATES[0]
}

/** A socket in a folder that may not be searched counts as there: the word about permission is then the helpful one. */
function mayExist(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    return true
  }
}
