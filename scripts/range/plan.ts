/**
 * Who is who in the range. Every address is private, for documentation or for benchmarks (RFC 1918, 4193, 5737, 6598, 2544, 3849), and
 * exists only in the range's own namespaces.
 */
export const PLAN = {
  /** What a gateway's operator would call his own. */
  home: ['10.8.0.0/16', '10.9.0.0/16', '10.20.0.0/16', '203.0.113.0/24', 'fd00:8::/32'],
  gateways: [
    { name: 'gw1', outer: '198.51.100.1', lan: '10.20.0.1' },
    { name: 'gw2', outer: '198.51.100.2', lan: '10.20.0.2' },
  ],
  /** The provider's router: between gateways, customers' lines and the Internet. */
  provider: { wan: '198.51.100.254', access: '100.64.0.1' },
  wireguard: { gateway: '10.8.0.1', gateway6: 'fd00:8::1', port: 51_820 },
  openvpn: { network: '10.9.0.0', gateway: '10.9.0.1', port: 1_194 },
  /** Machines on the network behind both gateways, each reachable from the Internet through either. */
  lan: {
    resolver: { address: '10.20.0.53' },
    jump: { address: '10.20.0.10', published: '203.0.113.10', published2: '203.0.113.138' },
    www: { address: '10.20.0.11', published: '203.0.113.11', published2: '203.0.113.139' },
    mail: { address: '10.20.0.12', published: '203.0.113.12', published2: '203.0.113.140' },
    files: { address: '10.20.0.13' },
    config: { address: '10.20.0.14' },
    monitor: { address: '10.20.0.15' },
    /** On the operator's allow-list: it may scan. */
    scanner: { address: '10.20.0.16' },
    workstation1: { address: '10.20.0.31' },
    workstation2: { address: '10.20.0.32' },
    workstation3: { address: '10.20.0.33' },
  },
  /** The Internet is one wide network: 198.18.0.0/15, and 2001:db8:18::/64 for those who have IPv6. */
  internet: { gateway: '198.18.0.1', gateway6: '2001:db8:18::1', resolver: '198.18.0.53', time: '198.18.0.123' },
  /** Ordinary sites: site N is `www.siteN.example`; every second one has IPv6 too. */
  sites: 160,
  /** Servers that attackers rent, each with a zone `zN.example` that is delegated to it and a host name `srvN.example`. */
  rented: 96,
  /** Addresses of strangers: reflectors, spoofed third parties, members of a botnet. */
  strangers: 400,
} as const

/** IPv4 address of ordinary site `index`, from 0. Sites and rented servers stand among one another: a prefix tells nothing. */
export function siteAddress(index: number): string {
  return spread(index * 3)
}

/** IPv6 address of ordinary site `index`; undefined where it has none. */
export function siteAddress6(index: number): string | undefined {
  return index % 2 === 0 ? `2001:db8:18::${(0x100 + index).toString(16)}` : undefined
}

/** Host name of ordinary site `index`. */
export function siteName(index: number): string {
  return `www.site${index}.example`
}

/** IPv4 address of rented server `index`, from 0. */
export function rentedAddress(index: number): string {
  return spread(index * 3 + 1)
}

/** IPv4 address of stranger `index`, from 0. */
export function strangerAddress(index: number): string {
  return spread(index * 3 + 2)
}

/** Tunnel address of WireGuard client `index`, from 0. */
export function wireguardAddress(index: number): string {
  return `10.8.0.${10 + index}`
}

/** IPv6 tunnel address of WireGuard client `index`. */
export function wireguardAddress6(index: number): string {
  return `fd00:8::${(16 + index).toString(16)}`
}

/** Tunnel address of OpenVPN client `index`, from 0. */
export function openvpnAddress(index: number): string {
  return `10.9.0.${10 + index}`
}

/** Address of the line of customer `index`, from 0: what a gateway sees outside the tunnel. */
export function lineAddress(index: number): string {
  return `100.64.${1 + Math.floor(index / 200)}.${10 + (index % 200)}`
}

/** The `number`-th address of the wide network, hosts of 198.18.2.0 and on; a stride that has no common factor with 256 scatters them. */
function spread(number: number): string {
  const host = (number * 167) % 65_000
  return `198.${18 + Math.floor(host / 40_000)}.${2 + Math.floor((host % 40_000) / 240)}.${10 + (host % 240)}`
}
