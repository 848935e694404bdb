import type { Attack } from '../scene.ts'
import { BEACONS } from './beacons.ts'
import { BRUTE_FORCE } from './brute-force.ts'
import { DNS_TUNNELS } from './dns-tunnels.ts'
import { EXFILTRATION } from './exfiltration.ts'
import { ICMP_TUNNELS } from './icmp-tunnels.ts'
import { LATERAL } from './lateral.ts'
import { MALWARE } from './malware.ts'
import { EXPLOITS } from './exploits.ts'
import { FLOODS } from './floods.ts'
import { SCANS } from './scans.ts'
import { VPN_ABUSE } from './vpn-abuse.ts'

/** Every attack that the range can show. Names are unique; a test keeps at least three tools in every category. */
export const REPERTOIRE: readonly Attack[] = [
  ...VPN_ABUSE,
  ...MALWARE,
  ...EXFILTRATION,
  ...ICMP_TUNNELS,
  ...DNS_TUNNELS,
  ...BEACONS,
  ...SCANS,
  ...BRUTE_FORCE,
  ...FLOODS,
  ...EXPLOITS,
  ...LATERAL,
]
