import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A host of the lab: a network namespace with one link and, for the far side, several addresses. */
export interface Host {
  readonly name: string
  readonly namespace: string
}

/** One end of a link. */
export interface LinkEnd {
  readonly host: Host
  readonly interfaceName: string
}

/** How a program ended and what it printed. */
export interface Finished {
  readonly exitCode: number
  readonly output: string
}

/** Whose lab it is: the prefix of its names, and a part of the command line by which a living owner is known. */
export interface LabOwner {
  readonly prefix: string
  readonly script: string
}

const OUTPUT_OCTETS_MAX = 65_536

/**
 * Network namespaces, the programs in them and a folder for their files; all of it goes away with `close`.
 * Names carry the process id, so two runs do not meet and leftovers of a killed run can be told apart.
 */
export class Lab {
  readonly folder: string
  readonly #owner: LabOwner
  readonly #namespaces: string[] = []
  readonly #children = new Set<ChildProcess>()
  #isClosed = false

  constructor(owner: LabOwner) {
    this.#owner = owner
    this.folder = mkdtempSync(path.join(tmpdir(), `${owner.prefix}-`))
    removeLeftovers(owner)
    // nginx's and rsync's unprivileged workers pass through here.
    execFileSync('chmod', ['755', this.folder])
  }

  addHost(name: string): Host {
    const namespace = this.namespaceOf(name)
    this.ip('netns', 'add', namespace)
    this.#namespaces.push(namespace)
    this.ip('-n', namespace, 'link', 'set', 'lo', 'up')
    return { name, namespace }
  }

  /** A link between two hosts. One segment a packet, so that the capture shows packets of the size of a wire's. */
  addLink(from: LinkEnd, to: LinkEnd): void {
    const gso = ['gso_max_segs', '1']
    this.ip('link', 'add', from.interfaceName, 'netns', from.host.namespace, ...gso,
      'type', 'veth', 'peer', 'name', to.interfaceName, 'netns', to.host.namespace, ...gso)
    for (const end of [from, to]) this.ip('-n', end.host.namespace, 'link', 'set', end.interfaceName, ...gso, 'up')
  }

  addAddress(host: Host, interfaceName: string, address: string): void {
    this.ip('-n', host.namespace, 'address', 'add', address, 'dev', interfaceName, ...(address.includes(':') ? ['nodad'] : []))
  }

  /** What `ip netns exec` mounts over /etc/resolv.conf in this host. */
  setNameserver(host: Host, address: string): void {
    const folder = path.join('/etc/netns', host.namespace)
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'resolv.conf'), `nameserver ${address}\noptions timeout:2 attempts:2\n`)
  }

  ip(...words: readonly string[]): void {
    execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] })
  }

  /** The namespace of a host that was added under this name. */
  namespaceOf(name: string): string {
    return `${this.#owner.prefix}-${process.pid}-${name}`
  }

  /** Starts a program outside all hosts and leaves it running until the lab closes. */
  startHere(command: readonly string[]): ChildProcess {
    return this.#spawn(command)
  }

  /** Starts a program in a host and leaves it running until the lab closes or the caller stops it. */
  start(host: Host, command: readonly string[]): ChildProcess {
    return this.#spawn(['ip', 'netns', 'exec', host.namespace, ...command])
  }

  /** Runs a program in a host to its end. Its failure is data: refused logins and closed ports belong to the traffic. */
  run(host: Host, command: readonly string[]): Promise<Finished> {
    return this.finish(this.start(host, command))
  }

  finish(child: ChildProcess): Promise<Finished> {
    return new Promise((resolve, reject) => {
      let output = ''
      const keep = (chunk: Buffer): void => {
        if (output.length < OUTPUT_OCTETS_MAX) output += chunk.toString('utf8')
      }
      child.stdout?.on('data', keep)
      child.stderr?.on('data', keep)
      child.on('error', reject)
      child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? -1, output }))
    })
  }

  #spawn([program = '', ...words]: readonly string[]): ChildProcess {
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    this.#children.add(child)
    child.on('exit', () => this.#children.delete(child))
    child.stdin.on('error', () => {})
    return child
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const child of this.#children) stopGroup(child)
    for (const namespace of this.#namespaces) removeNamespace(namespace)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Ends a program and whatever it started. */
export function stopGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM')
}

/** Sends a signal to a program and whatever it started and left behind; nothing where all of them have ended. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The whole group has ended.
  }
}

/** Daemons that detached themselves are still in their namespace; the namespace lists exactly them. */
function removeNamespace(namespace: string): void {
  const pids = execFileSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).split('\n').filter((line) => line !== '')
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // Gone by itself.
    }
  }
  execFileSync('ip', ['netns', 'delete', namespace])
  rmSync(path.join('/etc/netns', namespace), { recursive: true, force: true })
}

function removeLeftovers({ prefix, script }: LabOwner): void {
  const names = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n').map((line) => line.split(' ')[0] ?? '')
  for (const name of names) {
    const pid = new RegExp(`^${prefix}-(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !isRunning(pid, script)) removeNamespace(name)
  }
}

function isRunning(pid: string, script: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(script)
  } catch {
    return false
  }
}
