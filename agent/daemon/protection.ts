import { localProtection, NeverBlockList, SshSessions } from '../decision/index.ts'
import type { Decider, LocalTexts, ProtectedPrefix } from '../decision/index.ts'
import type { Clock, Logger } from '../kit/index.ts'
import { EnforcerError } from '../response/index.ts'
import type { Enforcer } from '../response/index.ts'
import type { Responder } from './responder.ts'

/** Who has to know whom never to block. */
export interface ProtectionParts {
  readonly configured: readonly ProtectedPrefix[]
  /** What the node says by itself: readLocalTexts. */
  readonly readLocal: () => Promise<LocalTexts>
  readonly decider: Decider
  readonly responder: Responder
  readonly enforcer: Enforcer
  readonly clock: Clock
  readonly logger: Logger
}

/** Keeps the never-block list as the node is now: addresses come and go, and so do SSH sessions. */
export class Protection {
  readonly #parts: ProtectionParts
  readonly #sessions = new SshSessions()
  #current = ''
  #sent = ''
  #entries = 0

  constructor(parts: ProtectionParts) {
    this.#parts = parts
  }

  /** Entries in force now. */
  get entries(): number {
    return this.#entries
  }

  /** Reads the node again; decisions that contradict the new list end at once, in the kernel too. */
  async refresh(): Promise<void> {
    const { configured, readLocal, decider, responder, clock, logger } = this.#parts
    const local = await readLocal()
    const sshPeers = this.#sessions.peers(local.sshConnections, clock.monotonicMs())
    const protectedPrefixes = [...configured, ...localProtection(local, sshPeers)]
    const key = protectedPrefixes.map(({ prefix }) => prefix).join(' ')
    if (key !== this.#current) {
      this.#current = key
      const list = new NeverBlockList(protectedPrefixes)
      this.#entries = list.entries.length
      const freed = decider.setNeverBlock(list)
      logger.info({ entries: this.#entries, freed: freed.length }, 'Never-block list changed')
      if (freed.length > 0) await responder.lift(freed, 'lifted')
    }
    await this.#send(protectedPrefixes.map(({ prefix }) => prefix))
  }

  /** The enforcer checks by itself as well; it hears of every change, and again after it was out of reach. */
  async #send(prefixes: readonly string[]): Promise<void> {
    if (this.#sent === this.#current) return
    try {
      await this.#parts.enforcer.neverBlock(prefixes)
      this.#sent = this.#current
    } catch (error) {
      if (!(error instanceof EnforcerError)) throw error
    }
  }
}
