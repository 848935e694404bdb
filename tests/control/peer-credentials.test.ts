// Goal: the kernel, not the client, says who asks. Method: the addon's SO_PEERCRED on a real connection, through the real server.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { ControlAudit } from '../../agent/control/agent-control.ts'
import { createControlClient } from '../../agent/control/client.ts'
import { mayAct, supplementaryGroups } from '../../agent/control/permission.ts'
import { openControlServer } from '../../agent/control/server.ts'
import { silentLogger } from '../../agent/kit/index.ts'
import { fakeControl, manualClock } from './fake-control.ts'

const ADDON = path.resolve(import.meta.dirname, '../../native/build/phantommesh.node')

test.skipIf(!existsSync(ADDON))('the journal names this very process (needs the addon: npm run setup)', async () => {
  const { peerCredentials } = await import('../../native/index.js')
  const folder = mkdtempSync(path.join(tmpdir(), 'pm-peer-'))
  const socketPath = path.join(folder, 'agent.sock')
  const audits: ControlAudit[] = []
  const server = await openControlServer({
    socketPath, control: fakeControl().control, peerCredentials, clock: manualClock(), logger: silentLogger,
    audit: (record) => { audits.push(record) },
  })
  await createControlClient(socketPath).setMode('off')
  await server.close()
  rmSync(folder, { recursive: true })
  expect(audits).toMatchObject([{ actor: { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() } }])
})

test('root, the daemon and members of the group may act; others may not', () => {
  const owner = { uid: 998, gid: 997 }
  const stranger = { pid: 1, uid: 1_000, gid: 1_000 }
  expect(mayAct({ ...stranger, uid: 0 }, owner)).toBe(true)
  expect(mayAct({ ...stranger, uid: 998 }, owner)).toBe(true)
  expect(mayAct({ ...stranger, gid: 997 }, owner)).toBe(true)
  expect(mayAct({ ...stranger, groups: [4, 997] }, owner)).toBe(true)
  expect(mayAct({ ...stranger, groups: [998] }, owner)).toBe(false)
  expect(mayAct(stranger, owner)).toBe(false)
})

test('groups are read from /proc/PID/status as proc(5) writes them', () => {
  expect(supplementaryGroups('Name:\tbash\nGid:\t5\t5\t5\t5\nGroups:\t4 24 997 \nNStgid:\t7\n')).toEqual([4, 24, 997])
  expect(supplementaryGroups('Name:\tGroups: 0\nGroups:\t \n')).toEqual([])
  expect(supplementaryGroups('')).toEqual([])
})
