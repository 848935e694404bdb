import type { Programs } from '../lab/programs.ts'

/** Programs that the range needs, and the Debian packages that bring them. */
export const PROGRAMS: Programs = {
  'ip': 'iproute2', 'tc': 'iproute2', 'tcpdump': 'tcpdump', 'nsenter': 'util-linux', 'openssl': 'openssl', 'g++': 'g++',
  'wireguard-go': 'wireguard-go', 'wg': 'wireguard-tools', 'openvpn': 'openvpn', '/usr/bin/python3': 'python3',
}
