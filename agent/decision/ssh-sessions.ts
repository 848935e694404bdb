/** One established TCP connection to the node's SSH server. */
export interface SshConnection {
  /** Both ends, as the kernel writes them. */
  readonly id: string
  /** The address of the other end, in text. */
  readonly peer: string
}

/** sshd's LoginGraceTime is 120 s: whoever is connected for longer has logged in. As native/enforcer/never_block.cc. */
const LOGIN_GRACE_MS = 130_000

/**
 * Tells sessions from mere connections: to spare every connection would make any guesser of passwords immune, and lift the bans of
 * those who hold one open. Before the grace time is over the enforcer alone judges, which asks logind. Pure, given the time; remembers
 * the connections of the last look only.
 */
export class SshSessions {
  #sinceMs: ReadonlyMap<string, number> | undefined

  /** Peers that have logged in; connections of the first look have an unknown age and count. */
  peers(connections: readonly SshConnection[], nowMs: number): string[] {
    const former = this.#sinceMs
    const firstSeenMs = former === undefined ? nowMs - LOGIN_GRACE_MS : nowMs
    const sinceMs = new Map(connections.map(({ id }) => [id, former?.get(id) ?? firstSeenMs]))
    this.#sinceMs = sinceMs
    return connections.filter(({ id }) => nowMs - sinceMs.get(id)! >= LOGIN_GRACE_MS).map(({ peer }) => peer)
  }
}
