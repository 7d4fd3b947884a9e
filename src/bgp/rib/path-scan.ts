// One scan over a family's paths for whatever concerns many of them, in slices: a cursor that goes round and round, and tasks
// that are done when it is back where it was when they began.

/** A task of the scan: where the cursor was when it began, and in which round. */
export interface ScanTask {
  from: number;
  round: number;
  /** Called when every path has been visited. */
  done?: () => void;
}

/** Tasks under way, by what each is about. */
export type ScanTasks<T extends ScanTask = ScanTask> = Map<number, T>;

/** The scan. */
export class PathScan {
  private readonly paths: { readonly end: number };
  private readonly tasks: readonly ScanTasks[];
  private cursor = 1;
  /** How often the cursor came to the end of the paths. */
  private round = 0;

  /** `paths`: their numbers are below `end`, which may grow. */
  constructor(paths: { readonly end: number }, tasks: readonly ScanTasks[]) {
    this.paths = paths;
    this.tasks = tasks;
  }

  /** The beginning of a task. */
  get here(): ScanTask {
    return { from: this.cursor, round: this.round };
  }

  /** Is a task under way? */
  get busy(): boolean {
    return this.tasks.some(({ size }) => size > 0);
  }

  /** Visits up to `budget` path numbers, used or not, and ends what is done. */
  work(budget: number, visit: (path: number) => void): void {
    const { paths } = this;
    const steps = Math.min(budget, paths.end);
    for (let i = 0; i < steps; i++) {
      if (this.cursor >= paths.end) {
        this.cursor = 1;
        this.round++;
      }
      const path = this.cursor++;
      if (path < paths.end) visit(path);
    }
    for (const tasks of this.tasks) this.finish(tasks);
  }

  private finish(tasks: ScanTasks): void {
    for (const [key, task] of tasks) {
      const rounds = this.round - task.round;
      if (rounds === 0 || (rounds === 1 && this.cursor < task.from)) continue;
      tasks.delete(key);
      task.done?.();
    }
  }
}
