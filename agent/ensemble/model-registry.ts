import { EnsembleError } from './errors.ts'

/** What the registry needs to know of a set of models. */
export interface RegisteredModels {
  readonly version: string
}

/**
 * Which versions of the models are at hand, which one judges, and which one judged before it. The daemon switches between two steps;
 * nothing here touches a step under way. When full, the version registered first that neither judges nor judged last is forgotten.
 */
export class ModelRegistry<M extends RegisteredModels> {
  readonly #versions = new Map<string, M>()
  readonly #capacity: number
  #active: M
  #previous: M | undefined
  #forgotten = 0

  constructor(first: M, { capacity }: { readonly capacity: number }) {
    if (capacity < 3) throw new Error('a registry holds at least the active, the previous and a candidate version')
    this.#capacity = capacity
    this.#active = first
    this.#versions.set(first.version, first)
  }

  /** The models that judge now. */
  get active(): M {
    return this.#active
  }

  /** The models that `rollBack` would return to. */
  get previous(): M | undefined {
    return this.#previous
  }

  /** How many versions had to give way. */
  get forgotten(): number {
    return this.#forgotten
  }

  /** Every version at hand, in the order of registration. */
  list(): readonly M[] {
    return [...this.#versions.values()]
  }

  /** Makes a version known without using it. Registering a version again replaces nothing: a version never changes. */
  register(models: M): void {
    if (this.#versions.has(models.version)) return
    this.#versions.set(models.version, models)
    if (this.#versions.size > this.#capacity) this.#forgetOldest()
  }

  /** Lets `version` judge from the next step on. Throws EnsembleError where it is not known. */
  activate(version: string): M {
    const models = this.#versions.get(version)
    if (models === undefined) {
      const known = [...this.#versions.keys()]
      throw new EnsembleError(
        { code: 'ENSEMBLE_MODEL_VERSION_UNKNOWN', version, known }, `no models of version ${version}; known are ${known.join(', ')}`,
      )
    }
    if (models !== this.#active) [this.#previous, this.#active] = [this.#active, models]
    return models
  }

  /** Returns to the models that judged before; undefined where there are none. A second call does nothing: it never flips back. */
  rollBack(): M | undefined {
    const models = this.#previous
    if (models === undefined) return undefined
    this.#active = models
    this.#previous = undefined
    return models
  }

  #forgetOldest(): void {
    const idle = [...this.#versions.values()].find((models) => models !== this.#active && models !== this.#previous)
    if (idle === undefined) return
    this.#versions.delete(idle.version)
    this.#forgotten += 1
  }
}
