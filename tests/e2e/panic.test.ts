import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Namespaces, whyNoNamespaces } from './namespaces.ts'

const PANIC = path.resolve(import.meta.dirname, '../../scripts/phantommesh-panic')

const obstacle = whyNoNamespaces()

describe.skipIf(obstacle !== '')(`phantommesh-panic${obstacle === '' ? '' : ` (skipped: ${obstacle})`}`, () => {
  let net: Namespaces

  beforeAll(() => {
    net = new Namespaces()
    net.add('panic')
  })
  afterAll(() => net.remove())

  test('it removes the table and leaves the tables of others', () => {
    net.run('panic', 'nft', 'add table inet phantommesh; add set inet phantommesh v4 { type ipv4_addr; }; add table inet somebody')
    expect(net.try('panic', PANIC)).toMatchObject({ status: 0, stderr: '' })
    expect(net.run('panic', 'nft', 'list', 'tables').trim()).toBe('table inet somebody')
  })

  test('it is content where there is nothing to remove', () => {
    expect(net.try('panic', PANIC)).toMatchObject({ status: 0, stderr: '' })
    expect(net.try('panic', PANIC)).toMatchObject({ status: 0, stderr: '' })
  })

  test('it says so when it is not permitted', () => {
    const ran = net.try('panic', 'setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin', PANIC)
    expect(ran.status).toBe(1)
    expect(ran.stderr).toContain('run this as root')
  })

  test('it takes no unknown words', () => {
    expect(net.try('panic', PANIC, '--all')).toMatchObject({ status: 2 })
  })
})
