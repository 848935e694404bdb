import { PLAN, strangerAddress } from '../plan.ts'
import type { Activity } from '../scene.ts'
import { pick } from '../scene.ts'
import { addInternetMachine } from '../world.ts'
import type { Machine, World } from '../world.ts'
import { deliver } from './mail.ts'
import { interactiveSsh, mistypePassword } from './shells.ts'
import { shop } from './web.ts'

/** Strangers 300 to 339 visit the shop and send mail; 360 to 363 are administrators on their way. */
const VISITORS = Array.from({ length: 40 }, (_, index) => strangerAddress(300 + index))
const ADMINISTRATORS = Array.from({ length: 4 }, (_, index) => strangerAddress(360 + index))

/** What one of them does; the address is chosen among the machine's. */
export interface Visit {
  readonly persona: string
  readonly machine: Machine
  readonly activity: Activity
}

/** What people on the Internet do with the company's published servers, and where. */
export function visitors(world: World): readonly Visit[] {
  const crowd = addInternetMachine(world, { name: 'visitors', addresses: VISITORS })
  const office = addInternetMachine(world, { name: 'admins', addresses: ADMINISTRATORS })
  const { jump, www } = PLAN.lan
  const first = ADMINISTRATORS[0] ?? ''
  return [
    ...Array.from({ length: 6 }, (_, index) => ({ persona: `visit${index}`, machine: crowd,
      activity: shop(www.published, 5_000, (random) => pick(random, VISITORS)) })),
    ...Array.from({ length: 3 }, (_, index) => ({ persona: `visit-second${index}`, machine: crowd,
      activity: shop(www.published2, 8_000, (random) => pick(random, VISITORS)) })),
    { persona: 'deliver', machine: crowd, activity: deliver((scene) => pick(scene.random, VISITORS)) },
    ...ADMINISTRATORS.slice(0, 3).map((from, index) => ({
      persona: `administer${index}`, machine: office, activity: interactiveSsh({ to: index === 2 ? jump.published2
        : jump.published, from, medianMs: 45_000 }) })),
    { persona: 'mistype', machine: office, activity: mistypePassword({ to: jump.published, from: first,
      medianMs: 260_000 }) },
  ]
}
