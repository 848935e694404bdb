// Fixtures shared by the tests of this folder.
import { configSchema } from '../../agent/config/config-schema.ts'
import { defaultPaths } from '../../agent/config/index.ts'
import { NeverBlockList } from '../../agent/decision/index.ts'
import type { DecisionContext, DecisionPolicy } from '../../agent/decision/index.ts'
import type { Category, Entity, Posterior } from '../../agent/ensemble/index.ts'

const config = configSchema(defaultPaths(undefined, '/srv')).parse({})

/** The default policy without a rate limiter, changed where a test needs it. */
export function policy(response: Partial<DecisionPolicy['response']> = {}): DecisionPolicy {
  return {
    decision: config.decision,
    response: { ...config.response, ...response },
    available: ['none', 'log', 'alert', 'block'],
  }
}

/** Enforce, empty never-block list, no history. */
export function context(change: Partial<DecisionContext> = {}): DecisionContext {
  const neverBlock = new NeverBlockList([])
  return { nowMs: 1_000, mode: 'enforce', policy: policy(), neverBlock, formerOffences: 0, hasRoom: true, isRefused: false, ...change }
}

/** A scan from 198.51.100.7, corroborated by the random-walk test. */
export function posterior(probability: number, change: Partial<Posterior> = {}): Posterior {
  return {
    entity: { kind: 'outer-address', value: '198.51.100.7' },
    category: 'scan',
    probability,
    logOdds: Math.log(probability / (1 - probability)),
    contributions: [
      { source: 'scan.random-walk', logLikelihoodRatio: 8, weight: 1, detail: '6 of 6 first contacts failed' },
      { source: 'prior', logLikelihoodRatio: -5, weight: 1, detail: '' },
    ],
    sourceVerified: true,
    observedAtMs: 990,
    modelVersion: 'test',
    eventIndex: 0,
    ...change,
  }
}

/** A posterior about another address. */
export function posteriorOf(value: string, kind: Entity['kind'] = 'outer-address', category: Category = 'scan'): Posterior {
  return posterior(0.999, { entity: { kind, value }, category })
}
