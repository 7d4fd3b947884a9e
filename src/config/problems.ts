// What is wrong with a config file, for people: where (file, line, column, path), what, and what to do.

/** One thing that is wrong. Lines and columns count from 1; 0 where the place is unknown (file missing, TOML). */
export interface Problem {
  file: string;
  line: number;
  column: number;
  /** "neighbors[0].hold-time", or empty for the file as a whole. */
  path: string;
  message: string;
  suggestion?: string;
  /** The line of the file, unless it may hold a secret. */
  sourceLine?: string;
}

/** The file cannot be used. All that is wrong with it, in the order of the file. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(headline).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Where a value lies in the tree of the file: keys and list indexes. */
export type Path = readonly PropertyKey[];

/** ["neighbors", 0, "hold-time"] → "neighbors[0].hold-time". */
export function pathText(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i ? '.' : ''}${String(part)}`)).join('');
}

/** ["neighbors", 3, "hold-time"] → "neighbors[].hold-time": the same for every entry of a list. */
export function levelText(path: Path): string {
  return pathText(path).replaceAll(/\[\d+\]/g, '[]');
}

/** "tsbgp.yml:12:16: neighbors[0].hold-time: must be 0 or at least 3 seconds" (the place's unknown parts left out). */
export function headline({ file, line, column, path, message }: Omit<Problem, 'suggestion' | 'sourceLine'>): string {
  return `${file}${line > 0 ? `:${line}:${column}` : ''}: ${path ? `${path}: ` : ''}${message}`;
}

const WIDTH = 120;

/** The line around the column, without control characters, and the column of the same character in it. */
function excerpt(line: string, column: number): { text: string; at: number } {
  const from = column <= WIDTH ? 0 : column - WIDTH / 2;
  return { text: line.slice(from, from + WIDTH).replace(/\p{Cc}/gu, ' '), at: column - 1 - from };
}

/**
 * Problems as a compiler prints them: headline, line of the file with a caret, suggestion.
 * `color` adds ANSI colors for a terminal.
 */
export function formatProblems(problems: readonly Problem[], { color = false }: { color?: boolean } = {}): string {
  const paint = (code: number, text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  return problems
    .map(problem => {
      const lines = [paint(1, headline(problem))];
      if (problem.sourceLine !== undefined && problem.line > 0) {
        const { text, at } = excerpt(problem.sourceLine, problem.column);
        const number = String(problem.line).padStart(5);
        lines.push(`${number} | ${text}`, `${' '.repeat(5)} | ${' '.repeat(at)}${paint(31, '^')}`);
      }
      if (problem.suggestion) lines.push(`      = ${paint(36, problem.suggestion)}`);
      return lines.join('\n');
    })
    .join('\n');
}
