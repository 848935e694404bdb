/** Protocol names as Suricata takes them from /etc/protocols; unknown ones as three digits. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'ICMP', 2: 'IGMP', 4: 'IP-ENCAP', 6: 'TCP', 17: 'UDP', 41: 'IPv6', 47: 'GRE', 50: 'IPSEC-ESP', 51: 'IPSEC-AH', 58: 'IPv6-ICMP',
  89: 'OSPFIGP', 103: 'PIM', 112: 'VRRP', 115: 'L2TP', 132: 'SCTP', 136: 'UDPLite',
}

/** The name of an IP protocol, as EVE has it. */
export function protocolName(identifier: number): string {
  return PROTOCOLS[identifier] ?? String(identifier).padStart(3, '0')
}
