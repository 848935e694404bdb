import { PLAN, siteAddress, siteName } from '../plan.ts'
import type { Activity } from '../scene.ts'
import { between, pause, pick, thinkMs } from '../scene.ts'
import { act, periodically, repeatedly, some } from './act.ts'

/** A program that asks a server that is gone, again and again: timeouts, or refusals where the machine still stands. */
export const deadServer: Activity = (scene, machine) => {
  const { random } = scene
  // Nobody has the last quarter of 198.18.0.0/16; port 8443 of a site is closed.
  const url = random.uniform() < 0.5 ? `https://198.18.${between(random, 180, 250)}.${between(random, 1, 250)}/sync`
    : `https://${siteAddress(between(random, 0, 90))}:8443/sync`
  return periodically(between(random, 5, 12) * 1_000, async (scene, machine) => {
    await act(scene, machine, ['curl', '-s', '-k', '-m', '4', '--connect-timeout', '3', url])
  })(scene, machine)
}

/** Names that nobody has: mistyped ones, search domains appended, lists of devices that were given away. */
export const wrongNames: Activity = repeatedly(9_000, async (scene, machine) => {
  const { random } = scene
  const typed = pick(random, ['wwww', 'ww', 'mail2', 'printer', 'wpad', 'nas', 'intranet', 'sharepoint'])
  const names = [`${typed}.site${between(random, 0, 200)}.example`, `${typed}.corp.example`,
    `${typed}.local.corp.example`, `${typed}.exmaple`, siteName(between(random, 0, 159))]
  await act(scene, machine, ['dig', '+tries=2', '+time=1', '+short',
    ...names.filter(() => random.uniform() < 0.6).flatMap((name) => [name, pick(random, ['A', 'AAAA', 'MX', 'TXT'])])])
})

/** Ports and hosts mistaken for others: refused connections in small numbers. */
export const wrongPorts: Activity = repeatedly(16_000, async (scene, machine) => {
  const { random } = scene
  const host = pick(random, [siteName(between(random, 0, 60)), PLAN.lan.www.address, PLAN.lan.files.address,
    PLAN.lan.jump.address, '10.20.0.77'])
  for (let attempt = 0; attempt < between(random, 1, 3); attempt += 1) {
    await act(scene, machine, ['curl', '-s', '-k', '-m', '3', '-o', '/dev/null',
      `http://${host}:${pick(random, [8080, 8443, 3000, 81, 5000, 9000])}/`])
    if (!(await pause(scene, thinkMs(random, 1_500)))) return
  }
})

/** A mail program with a password that expired: refused every minute or so, always the same one. */
export const staleMailPassword: Activity = periodically(47_000, async (scene, machine) => {
  await act(scene, machine, ['curl', '-s', '-m', '10', '-u', 'person7:Summer-2025',
    `imap://${PLAN.lan.mail.address}/INBOX`])
})

/**
 * A resolver's worth of names, as a program at a desk asks them before any connection, and some that it never connects
 * to.
 */
export const prefetch: Activity = repeatedly(12_000, async (scene, machine) => {
  const { random } = scene
  const names = Array.from({ length: between(random, 4, 16) },
    () => [siteName(Math.floor(PLAN.sites ** random.uniform()) - 1), pick(random, ['A', 'A', 'AAAA'])])
  await act(scene, machine, ['dig', '+tries=1', '+time=2', '+short', ...names.flat(), ...(random.uniform() < 0.1
    ? ['-x', siteAddress(Number(some(random, 0, 100)))] : [])])
})
