// Goal: the shipped units are valid, and expose no more than operations allow.
// Method: systemd-analyze on copies that name this checkout instead of /opt/phantommesh; nothing is installed or started.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')
const UNITS = readdirSync(path.join(ROOT, 'systemd')).filter((file) => /\.(service|socket)$/.test(file))
const SERVICES = UNITS.filter((file) => file.endsWith('.service'))
/** In tenths, as systemd counts it. */
const EXPOSURE_MAX = 20

const hasTool = spawnSync('systemd-analyze', ['--version']).status === 0

describe.skipIf(!hasTool)(`systemd units${hasTool ? '' : ' (skipped: no systemd-analyze here)'}`, () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'pm-units-'))
    for (const unit of UNITS) {
      const text = readFileSync(path.join(ROOT, 'systemd', unit), 'utf8')
      writeFileSync(path.join(folder, unit), text.replaceAll('/opt/phantommesh', ROOT))
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('all units are valid', () => {
    const ran = analyze('verify', '--man=no', ...UNITS.map((unit) => path.join(folder, unit)))
    expect(ran).toMatchObject({ status: 0, stderr: '' })
  })

  test.each(SERVICES)('%s is exposed by at most 2.0', (unit) => {
    const ran = analyze('security', '--offline=yes', `--threshold=${EXPOSURE_MAX}`, '--no-pager', path.join(folder, unit))
    expect(ran.stdout + ran.stderr).toMatch(/Overall exposure level/)
    expect(ran.status).toBe(0)
  })

  test('only the enforcer may administer the network, and nobody may do more than that and read packets', () => {
    const capabilities = SERVICES.map((unit) => {
      const text = readFileSync(path.join(folder, unit), 'utf8')
      return [unit, /^CapabilityBoundingSet=(.*)$/m.exec(text)?.[1]]
    })
    expect(Object.fromEntries(capabilities)).toEqual({
      'phantommesh-agent.service': 'CAP_NET_RAW',
      'phantommesh-enforcer.service': 'CAP_NET_ADMIN',
    })
  })

  function analyze(...words: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync('systemd-analyze', words, { encoding: 'utf8' })
  }
})
