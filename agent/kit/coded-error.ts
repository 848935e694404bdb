/** What went wrong, as data: a stable code and the values that belong to it. */
export interface Problem {
  readonly code: string
}

/**
 * The base of every expected failure. `switch (error.problem.code)` narrows to the data of that code.
 * The message is for people and names the place: file and line, interface, field.
 */
export class CodedError<P extends Problem> extends Error {
  readonly problem: P

  constructor(problem: P, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.problem = problem
  }

  /** The stable code, for logs and for `docs/errors.md`. */
  get code(): P['code'] {
    return this.problem.code
  }
}
