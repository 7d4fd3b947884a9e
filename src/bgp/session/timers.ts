// Named timers that are cheap to restart.
//
// Hold and keepalive timers restart with every message. Restarting only moves the deadline; the one setTimeout behind
// the name looks at the deadline when it fires and sleeps on for the rest. The clock is monotonic, so that setting the
// machine's clock does not end sessions.

interface Entry {
  /** As started last, in milliseconds. */
  ms: number;
  deadline: number;
  /** When the setTimeout fires. */
  fires: number;
  handle: NodeJS.Timeout;
}

/** The timers of one connection. */
export class Timers<Name extends string> {
  readonly #entries = new Map<Name, Entry>();
  readonly #expired: (name: Name) => void;

  /** `expired` is called with the timer's name; the timer does not run any more then. */
  constructor(expired: (name: Name) => void) {
    this.#expired = expired;
  }

  /** Starts the timer, or starts it anew. */
  start(name: Name, ms: number): void {
    const now = performance.now();
    const deadline = now + ms;
    const entry = this.#entries.get(name);
    if (entry && entry.fires <= deadline) {
      entry.ms = ms;
      entry.deadline = deadline;
      return;
    }
    if (entry) clearTimeout(entry.handle);
    const handle = setTimeout(() => this.#fire(name), ms);
    this.#entries.set(name, { ms, deadline, fires: deadline, handle });
  }

  /** Starts a running timer anew with its time; a stopped one stays stopped. */
  restart(name: Name): void {
    const entry = this.#entries.get(name);
    if (entry) this.start(name, entry.ms);
  }

  stop(name: Name): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    clearTimeout(entry.handle);
    this.#entries.delete(name);
  }

  stopAll(): void {
    for (const name of [...this.#entries.keys()]) this.stop(name);
  }

  /** Milliseconds left on the running timers. */
  left(): Partial<Record<Name, number>> {
    const now = performance.now();
    const left: Partial<Record<Name, number>> = {};
    for (const [name, entry] of this.#entries) left[name] = Math.max(0, Math.round(entry.deadline - now));
    return left;
  }

  #fire(name: Name): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    const left = entry.deadline - performance.now();
    // setTimeout counts whole milliseconds and may be a fraction early.
    if (left < 1) {
      this.#entries.delete(name);
      this.#expired(name);
      return;
    }
    entry.fires = entry.deadline;
    entry.handle = setTimeout(() => this.#fire(name), left);
  }
}
