// What a person typed cannot be used: the one error of every text parser (prefixes, communities, AS paths, routes).

/** Bad input from a person. `message` says what was wrong, `hint` what to do instead. */
export class InputError extends Error {
  readonly hint?: string;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'InputError';
    this.hint = hint;
  }
}
