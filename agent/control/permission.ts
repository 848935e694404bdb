import type { PeerCredentials } from './agent-control.ts'

/** Who the daemon is, and which group its socket belongs to. */
export interface SocketOwner {
  readonly uid: number
  readonly gid: number
}

/** Whether a peer may act: root, the daemon's own user, and members of the socket's group. */
export function mayAct(peer: PeerCredentials, owner: SocketOwner): boolean {
  return peer.uid === 0 || peer.uid === owner.uid || peer.gid === owner.gid || peer.groups?.includes(owner.gid) === true
}

/** The supplementary groups in the text of /proc/PID/status (proc(5)). */
export function supplementaryGroups(status: string): readonly number[] {
  const line = /^Groups:([\d\t ]*)$/m.exec(status)?.[1] ?? ''
  return line.split(/\s+/).filter((word) => word !== '').map(Number)
}
