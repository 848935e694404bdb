import { writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  PLAN, rentedAddress, siteAddress, siteAddress6, siteName,
} from '../plan.ts'
import type { World } from '../world.ts'

/** The domain of the LAN; its public servers have names in it. */
export const LAN_DOMAIN = 'corp.example'

/** The Internet's resolver, authoritative for everything, and the LAN's caching one before it. */
export function startNames({ lab, sites, lan }: World): void {
  const own = ['no-resolv', 'no-hosts', 'user=root', 'bind-interfaces', 'log-facility=-']
  const start = (name: string, lines: readonly string[]): string => {
    const file = path.join(lab.folder, `dns-${name}.conf`)
    writeFileSync(file, `${[...own, `pid-file=${lab.folder}/dns-${name}.pid`, ...lines].join('\n')}\n`)
    return file
  }
  const internet = start('internet', [`listen-address=${PLAN.internet.resolver}`, 'dns-forward-max=1000', ...records(),
    ...zones()])
  lab.start(sites, ['dnsmasq', '--no-daemon', `--conf-file=${internet}`])
  const local = start('lan', [
    `listen-address=${PLAN.lan.resolver.address}`, 'listen-address=127.0.0.1', 'cache-size=150', 'dns-forward-max=1000',
    `server=${PLAN.internet.resolver}`,
    ...Object.entries(PLAN.lan).map(([name, { address }]) => `host-record=${name}.${LAN_DOMAIN},${address},120`),
  ])
  lab.start(lan.resolver, ['dnsmasq', '--no-daemon', `--conf-file=${local}`])
}

function records(): string[] {
  const numbers = Array.from({ length: PLAN.sites }, (_, index) => index)
  return [
    ...numbers.map((index) => {
      const addresses = [siteAddress(index), siteAddress6(index) ?? []].flat()
      return `host-record=${[siteName(index), ...addresses, 30 + (index % 7) * 20].join(',')}`
    }),
    ...numbers.map((index) => `mx-host=site${index}.example,${siteName(index)},10`),
    ...numbers.filter((index) => index % 3 === 0)
      .map((index) => `cname=cdn.site${index}.example,${siteName(index)},30`),
    ...numbers.map((index) => `txt-record=site${index}.example,v=spf1 a mx -all`),
    ...Array.from({ length: PLAN.rented }, (_, index) => `host-record=srv${index}.example,${rentedAddress(index)},60`),
    ...(['www', 'mail',
      'jump'] as const).map((name) => `host-record=${name}.${LAN_DOMAIN},${PLAN.lan[name].published},60`),
    `mx-host=${LAN_DOMAIN},mail.${LAN_DOMAIN},10`,
    `host-record=time.example,${PLAN.internet.time},300`,
  ]
}

/** Attackers' zones are asked at their servers; whatever else is not known does not exist. */
function zones(): string[] {
  return [...Array.from({ length: PLAN.rented }, (_, index) => `server=/z${index}.example/${rentedAddress(index)}`),
    'local=/#/']
}
