import { expect, test } from 'vitest'
import { ModelRegistry } from '../../agent/ensemble/index.ts'

const models = (version: string) => ({ version })

test('a registered version judges only after it was activated', () => {
  const registry = new ModelRegistry(models('1'), { capacity: 4 })
  registry.register(models('2'))
  expect(registry.active.version).toBe('1')
  registry.activate('2')
  expect(registry.active.version).toBe('2')
  expect(registry.previous?.version).toBe('1')
})

test('rolling back returns to what judged before, once', () => {
  const registry = new ModelRegistry(models('1'), { capacity: 4 })
  expect(registry.rollBack()).toBeUndefined()
  registry.register(models('2'))
  registry.activate('2')
  expect(registry.rollBack()?.version).toBe('1')
  expect(registry.rollBack()).toBeUndefined()
  expect(registry.active.version).toBe('1')
})

test('activating what is active keeps the way back', () => {
  const registry = new ModelRegistry(models('1'), { capacity: 4 })
  registry.register(models('2'))
  registry.activate('2')
  registry.activate('2')
  expect(registry.previous?.version).toBe('1')
})

test('a version that is not known is refused with those that are', () => {
  const registry = new ModelRegistry(models('1'), { capacity: 4 })
  expect(() => registry.activate('9')).toThrow('no models of version 9; known are 1')
  expect(registry.active.version).toBe('1')
})

test('when full, the oldest version that neither judges nor judged last is forgotten and counted', () => {
  const registry = new ModelRegistry(models('1'), { capacity: 3 })
  registry.register(models('2'))
  registry.activate('2')
  for (const version of ['3', '4', '5']) registry.register(models(version))
  expect(registry.list().map(({ version }) => version)).toEqual(['1', '2', '5'])
  expect(registry.forgotten).toBe(2)
})

test('a version never changes: registering it again replaces nothing', () => {
  const first = models('1')
  const registry = new ModelRegistry(first, { capacity: 3 })
  registry.register(models('1'))
  expect(registry.list()).toEqual([first])
  expect(registry.active).toBe(first)
})
