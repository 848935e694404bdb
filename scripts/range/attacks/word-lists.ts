import type { Random } from '../../../agent/kit/index.ts'
import { between, pick, shuffled } from '../scene.ts'

const USERS = [
  'admin', 'test', 'user', 'oracle', 'postgres', 'ubuntu', 'deploy', 'git', 'backup', 'ftpuser', 'guest',
  'jenkins', 'support', 'pi',
  'nagios', 'mysql', 'www', 'anna', 'bernd', 'clara', 'david', 'emil', 'frank', 'greta', 'hans', 'ines',
  'jonas', 'karin', 'lars', 'maria',
  'nils',
] as const
const WORDS = [
  'password', 'admin', 'welcome', 'summer', 'winter', 'qwerty', 'letmein', 'dragon', 'monkey', 'football',
  'master', 'shadow', 'sunshine',
  'princess', 'server', 'changeme', 'secret', 'berlin', 'hello', 'freedom', 'trustno', 'batman', 'login',
  'starwars', 'computer', 'hunter',
] as const

/** Some user names. */
export function userNames(random: Random, count: number): string[] {
  return shuffled(random, USERS).slice(0, count)
}

/** Passwords as lists of leaks have them: a word and a year or a sign. None of them opens anything in the range. */
export function passwords(random: Random, count: number): string[] {
  const all = new Set<string>()
  while (all.size < count) {
    const word = pick(random, WORDS)
    const first = random.uniform() < 0.4 ? word[0]?.toUpperCase() + word.slice(1) : word
    all.add(`${first}${pick(random, ['', '!', '1', '123', String(between(random, 1960, 2026)), `${between(random, 0, 999)}`])}`)
  }
  return [...all]
}

const PARTS = [
  'admin', 'backup', 'config', 'old', 'test', 'dev', 'api', 'login', 'wp-admin', 'wp-login.php', 'phpmyadmin', '.git', '.env',
  'server-status', 'cgi-bin', 'uploads', 'files', 'images', 'js', 'css', 'static', 'private', 'secret',
  'db', 'sql', 'dump', 'console', 'manager', 'status',
  'info.php', 'index.php', 'setup', 'install', 'shell', 'cmd', 'user', 'users', 'data', 'tmp', 'logs',
  'mail', 'v1', 'v2', 'docs', 'portal',
  'swagger', 'actuator', 'health', 'metrics', 'debug', 'xmlrpc.php', 'readme', 'license', 'vendor',
  'node_modules', 'bin', 'include', 'lib',
] as const

/** Paths for finders of hidden pages. */
export function paths(random: Random, count: number): string[] {
  const all = new Set<string>(shuffled(random, PARTS))
  while (all.size < count) {
    const ending = pick(random, ['', '', '.php', '.bak', '.zip', '.old', '.txt', `-${between(random, 1, 99)}`])
    all.add(`${pick(random, PARTS)}${pick(random, ['/', '-', '_', ''])}${pick(random, PARTS)}${ending}`)
  }
  return shuffled(random, [...all]).slice(0, count)
}
