// How a command ends: its exit code, and the error that a person or a script sees.

/** Exit codes of every command. */
export const Exit = { ok: 0, refused: 1, usage: 2, noDaemon: 3, noPermission: 4 } as const;
/** An exit code. */
export type Exit = (typeof Exit)[keyof typeof Exit];

/** What each code means, for the reference. */
export const EXIT_MEANINGS: Record<keyof typeof Exit, string> = {
  ok: 'Done.',
  refused: 'The daemon refused it, or what was asked for is not there.',
  usage:
    'What was typed cannot be used: unknown words or options, a value in the wrong form, a wrong configuration file.',
  noDaemon: 'No daemon answers on the socket.',
  noPermission: 'The socket may not be used by this user.',
};

/** A command that cannot go on; `hint` says what to do, `details` is for --json only. */
export class CommandError extends Error {
  readonly exit: Exit;
  readonly hint: string | undefined;
  readonly details: object | undefined;

  constructor(exit: Exit, message: string, hint?: string, details?: object) {
    super(message);
    this.name = 'CommandError';
    this.exit = exit;
    this.hint = hint;
    this.details = details;
  }
}

/** What was typed cannot be used. */
export const usageError = (message: string, hint?: string) => new CommandError(Exit.usage, message, hint);
