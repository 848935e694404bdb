// Goal: what the addon tells about sockets and about its own layout is true.
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'
import { eventLayout, notifySystemd, peerCredentials } from '../../native/index.js'

const BYTES = { f64: 8, f32: 4, u32: 4, u16: 2, i16: 2, u8: 1 } as const

test('fields of an event stand at aligned offsets, do not overlap, and end within the record', () => {
  const fields = Object.values(eventLayout.fields).toSorted((a, b) => a.offset - b.offset)
  let end = 0
  for (const { offset, type, count } of fields) {
    expect(offset % BYTES[type]).toBe(0)
    expect(offset).toBeGreaterThanOrEqual(end)
    end = offset + BYTES[type] * count
  }
  expect(eventLayout.strideBytes).toBeGreaterThanOrEqual(end)
  expect(eventLayout.strideBytes % 8).toBe(0)
})

test('the kernel says who is at the other end of a Unix socket', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'phantommesh-'))
  const address = path.join(folder, 'socket')
  const credentials = await new Promise((resolve) => {
    const server = createServer((socket) => {
      resolve(peerCredentials(descriptorOf(socket)))
      socket.destroy()
      server.close()
    })
    server.listen(address, () => createConnection(address).on('error', () => {}))
  })
  expect(credentials).toMatchObject({ pid: process.pid, uid: process.getuid!(), gid: process.getgid!() })
  rmSync(folder, { recursive: true })
})

test('a descriptor that is no socket is refused with the kernel\'s word', () => {
  expect(() => peerCredentials(-1)).toThrow(/Bad file descriptor/)
})

test.each([['/nowhere/notify', /No such file/], ['@phantommesh-nobody', /Connection refused/], ['', /no usable address/]])(
  'a service manager that is not there (%j) is told', (socket, reason) => {
    expect(() => notifySystemd(socket, 'READY=1')).toThrow(reason)
  },
)

function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle')
  return Number(Reflect.get(Object(handle), 'fd'))
}
