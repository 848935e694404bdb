import path from 'node:path'
import { PLAN, siteAddress, siteName } from '../plan.ts'
import type { Activity } from '../scene.ts'
import { between, pick } from '../scene.ts'
import { SITES_OF } from '../servers/others.ts'
import { act, periodically, repeatedly } from './act.ts'

/**
 * Asks pages, pings everybody and tries the servers' ports every ten to fifteen seconds: as regular as a beacon, and
 * innocent.
 */
export const monitor: Activity = async (scene, machine) => {
  const lan = Object.values(PLAN.lan).map((each) => each.address)
  const ports = [`${PLAN.lan.jump.address}:22`, `${PLAN.lan.www.address}:80`, `${PLAN.lan.www.address}:443`,
    `${PLAN.lan.mail.address}:25`, `${PLAN.lan.mail.address}:143`,
    `${PLAN.lan.files.address}:22`, ...[0, 1, 3, 25].map((number) => `${siteAddress(number)}:443`)]
  const branch = scene.world.clients.filter((each) => each.link === 'branch').slice(0,
    4).map((each) => `${each.address}:22`)
  const pages = [`http://${PLAN.lan.www.address}/f2`, `https://${siteName(SITES_OF.status)}/health`,
    `https://${siteName(0)}/health`]
  await Promise.all([
    act(scene, machine, ['/usr/bin/python3', path.join(import.meta.dirname, 'checks.py'), '12', ...ports, ...branch]),
    periodically(15_000, async (scene, machine) => {
      await act(scene, machine, ['curl', '-s', '-k', '-m', '8', '-A', 'check_http/2.3',
        ...pages.flatMap((each) => ['-o', '/dev/null', each])])
    })(scene, machine),
    periodically(20_000, async (scene, machine) => {
      await act(scene, machine, ['fping', '-q', '-c', '1', '-t', '800', ...lan,
        ...scene.world.clients.map((each) => each.address)])
    })(scene, machine),
  ])
}

/**
 * The scanner that the operator allows: services of the LAN, and of some VPN clients, whose probes cross the gateway's
 * tunnel.
 */
export const scanner: Activity = repeatedly(150_000, async (scene, machine) => {
  const { random } = scene
  const isLan = random.uniform() < 0.35
  const targets = isLan
    ? Object.values(PLAN.lan).map((each) => each.address)
    : Array.from({ length: between(random, 2, 4) }, () => pick(random, scene.world.clients).address)
  await act(scene, machine, ['nmap', '-n', '-Pn', '-T4', '--max-retries', '1', '--max-rate', '120', '--host-timeout',
    '90s', '--top-ports', isLan ? '60' : '150',
    ...(random.uniform() < 0.5 ? ['-sS'] : ['-sT', '-sV', '--version-intensity', '2']), ...targets])
})
