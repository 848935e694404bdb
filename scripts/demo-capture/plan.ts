/** Who is who. Every address is private or reserved for documentation (RFC 1918, RFC 5737, RFC 3849). */
export const PLAN = {
  /** Length of the capture. A beacon needs a few dozen rounds to be seen. */
  durationMs: 240_000,
  home: ['10.8.0.0/24', '2001:db8:8::/64'],
  gateway: { inside: '10.8.0.1', inside6: '2001:db8:8::1', outside: '198.51.100.1', outside6: '2001:db8::1' },
  /** VPN clients: 10.8.0.11 and on, with 2001:db8:8::11 and on. */
  clients: 14,
  /** The host that administrators reach from outside; its sshd is what gets attacked. */
  jumpHost: '10.8.0.5',
  /** Polls a status page and pings, all day long. */
  monitor: '10.8.0.6',
  sites: [
    { name: 'news.example', address: '198.51.100.10', address6: '2001:db8::10' },
    { name: 'shop.example', address: '198.51.100.11', address6: '2001:db8::11' },
    { name: 'cdn.example', address: '198.51.100.12', address6: undefined },
    { name: 'mail.example', address: '198.51.100.13', address6: undefined },
    { name: 'status.example', address: '198.51.100.14', address6: undefined },
  ],
  nameserver: '198.51.100.53',
  timeServer: '198.51.100.123',
  /** git, rsync and scp. */
  forge: { name: 'forge.example', address: '198.51.100.22' },
  administrator: '203.0.113.9',
  scan: { client: 9, target: '198.51.100.11', ports: '1-1000', afterMs: 80_000 },
  bruteForce: { source: '203.0.113.77', users: ['admin', 'oracle', 'backup'], passwords: 80, afterMs: 120_000 },
  beacon: { client: 4, server: '192.0.2.99', name: 'telemetry.example', periodMs: 6_000, jitterMs: 400, afterMs: 5_000 },
} as const

/** IPv4 address of a VPN client, counted from 0. */
export function clientAddress(index: number): string {
  return `10.8.0.${11 + index}`
}

/** IPv6 address of a VPN client, counted from 0. */
export function clientAddress6(index: number): string {
  return `2001:db8:8::${11 + index}`
}
