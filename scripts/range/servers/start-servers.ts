import type { World } from '../world.ts'

/** Programs of the ordinary servers, on LAN and Internet. Resolves when they answer. */
export async function startServers(_world: World): Promise<void> {}
