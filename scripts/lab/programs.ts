import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Programs that a lab needs, and the Debian packages that bring them. A name with a slash is a file. */
export type Programs = Readonly<Record<string, string>>

const POLICY = '/usr/sbin/policy-rc.d'

/** Brings what is missing, as root on Debian or Ubuntu. No service is started by it. Throws where apt-get fails. */
export function installPrograms(programs: Programs): void {
  const missing = [...new Set(Object.entries(programs).filter(([program]) => !isInstalled(program)).map(([, name]) => name))]
  if (missing.length === 0) return
  console.log(`installing ${missing.join(' ')}`)
  // Debian starts a server's service when it is installed; this file is its way to ask for the contrary.
  const isOurs = !existsSync(POLICY)
  if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  try {
    execFileSync('apt-get', ['-q', 'update'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
    execFileSync('apt-get', ['-q', 'install', '-y', '--no-install-recommends', ...missing], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  } finally {
    if (isOurs) rmSync(POLICY, { force: true })
  }
}

/** Whether Debian's usual folders have a program, or a file is there. */
export function isInstalled(program: string): boolean {
  if (program.includes('/')) return existsSync(program)
  return ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/games'].some((folder) => existsSync(path.join(folder, program)))
}
