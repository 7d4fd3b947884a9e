// The daemon: configuration, speaker, kernel and API put together; start, reload, stop.
//
// Data flows as docs/architecture.md draws it; here the rooms are only connected. Stopping (SIGTERM, SIGINT) is
// graceful: neighbors that know graceful restart keep our routes, the kernel keeps its own, and the next start takes
// both over. `tsbgp shutdown` is the other end: Cease to every neighbor and no route left in the kernel.

import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Control, DaemonControl, NeighborSpec, ReloadResult } from './api/control.js';
import type { ApiServer } from './api/server.js';
import { serveApi } from './api/server.js';
import { isRange } from './bgp/dynamic-neighbors.js';
import { RefusedRoute } from './bgp/local-routes.js';
import { rehearse } from './bgp/rehearsal.js';
import { placeLargeColumns } from './bgp/rib/columns.js';
import { Speaker } from './bgp/speaker.js';
import { FAMILIES } from './bgp/wire/family.js';
import { InputError } from './bgp/wire/input-error.js';
import { parsePrefix } from './bgp/wire/prefix.js';
import { diffConfig } from './config/diff.js';
import { BadValue, ConfigError, formatProblems, loadConfig, parseNeighbor } from './config/load.js';
import type { Config } from './config/schema.js';
import { showConfig, viewConfig } from './config/show.js';
import { Discovery } from './discovery/discovery.js';
import { Fib, type FibOptions } from './fib/fib.js';
import { createLogger } from './log.js';
import { largePages, returnMemory } from './memory.js';
import { reloadSpeaker } from './reload.js';
import { RouteStore } from './route-store.js';
import { keepWatchdogFed, notify } from './systemd.js';
import { VERSION } from './version.js';

export interface DaemonArguments {
  /** Path of the configuration file. */
  config: string;
  /** Overrides `log.level`. */
  logLevel?: string;
}

/** Runs the daemon until it is stopped. Writes problems of the configuration to standard error and sets the exit code. */
export async function runDaemon(args: DaemonArguments): Promise<void> {
  let loaded: ReturnType<typeof loadConfig>;
  try {
    loaded = loadConfig(args.config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${formatProblems(error.problems, { color: process.stderr.isTTY })}\n`);
    process.exitCode = 2;
    return;
  }
  const { config, warnings } = loaded;
  const log = await createLogger({ ...config.log, level: args.logLevel ?? config.log.level });
  for (const warning of warnings) log.warn(warning);
  const daemon = new Daemon(config, log);
  try {
    await daemon.start();
  } catch (error) {
    log.fatal(
      error instanceof InputError ? { hint: error.hint } : { err: error },
      `cannot start: ${(error as Error).message}`,
    );
    await daemon.abandon();
    process.exitCode = 1;
    return;
  }
  await daemon.ended;
}

/** Sessions come first; those that take longer find the rehearsal over. */
const REHEARSE_AFTER_MS = 50;

/** A running daemon. */
class Daemon implements DaemonControl {
  /** Resolves when the daemon has stopped. */
  readonly ended: Promise<void>;
  private current: Config;
  /** Neighbors that came by the API, as they were given: their groups may change. */
  private readonly added = new Map<string, NeighborSpec>();
  private readonly log: Logger;
  private readonly speaker: Speaker;
  private readonly fib: Fib;
  private readonly discovery: Discovery;
  private readonly startedAt = Date.now();
  private api: ApiServer | undefined;
  private stopWatchdog: () => void = () => {};
  private stopping = false;
  private end: () => void = () => {};

  constructor(config: Config, log: Logger) {
    this.current = config;
    this.log = log;
    this.ended = new Promise(resolve => {
      this.end = resolve;
    });
    this.speaker = new Speaker(
      { ...config, kernelImport: config.fib.import, hostname: hostname(), version: VERSION },
      log,
    );
    placeLargeColumns(largePages());
    for (const table of this.speaker.locRib) table.onEmptied = returnMemory;
    this.fib = new Fib(
      this.speaker,
      (prefix, route) => this.speaker.redistribute(prefix, route),
      fibOptions(config),
      log.child({ room: 'fib' }),
    );
    this.discovery = new Discovery(this.speaker, log.child({ room: 'discovery' }));
  }

  async start(): Promise<void> {
    const { speaker, fib, log, current } = this;
    log.info({ version: VERSION, as: current.as, routerId: current.routerId, config: current.source }, 'tsbgp starts');
    // The socket first: it tells whether another daemon is at work already.
    const control: Control = { speaker, fib, daemon: this };
    this.api = await serveApi(control, current.api, log);
    const restarted = this.restoreRoutes();
    await fib.start();
    process.on('SIGTERM', this.onStopSignal);
    process.on('SIGINT', this.onStopSignal);
    process.on('SIGHUP', this.onReloadSignal);
    await speaker.start({ restarted: restarted || fib.preserved, onConverged: () => fib.converged() });
    this.discovery.start();
    notify('READY=1', `STATUS=AS ${current.as}, router id ${current.routerId}`);
    this.stopWatchdog = keepWatchdogFed();
    log.info('tsbgp is ready');
    this.rehearse();
  }

  /** One family after the other, each in a turn of its own. */
  private rehearse(): void {
    const families = new Set(this.current.neighbors.flatMap(neighbor => neighbor.families));
    for (const [i, family] of [...families].entries()) {
      const play = () => {
        const octets = rehearse(family);
        this.log.debug({ family: FAMILIES[family].name, octets }, 'rehearsed');
      };
      setTimeout(play, (i + 1) * REHEARSE_AFTER_MS).unref();
    }
  }

  /** Undoes a start that failed half way. */
  async abandon(): Promise<void> {
    this.discovery.close();
    await this.fib.stop();
    await this.speaker.stop('graceful');
    await this.api?.close();
    this.end();
  }

  status(): ReturnType<DaemonControl['status']> {
    const { as, routerId, source } = this.current;
    const { pid, versions } = process;
    return {
      version: VERSION,
      node: versions.node,
      pid,
      startedAt: this.startedAt,
      as,
      routerId,
      hostname: hostname(),
      config: source,
    };
  }

  config(): ReturnType<DaemonControl['config']> {
    return { source: this.current.source, config: viewConfig(this.current), text: showConfig(this.current) };
  }

  async reload(): Promise<ReloadResult> {
    const { speaker, fib, log } = this;
    let loaded: ReturnType<typeof loadConfig>;
    try {
      loaded = loadConfig(this.current.source);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log.error(`reload refused, nothing changed:\n${formatProblems(error.problems)}`);
      return { ok: false, problems: error.problems };
    }
    notify('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
    const { config } = loaded;
    const diff = diffConfig(this.current, config);
    const changes = reloadSpeaker(speaker, config, diff, () => this.regroupAdded(config));
    if (diff.fib) {
      fib.reload(fibOptions(config));
      const keys = (Object.keys(config.fib) as (keyof Config['fib'])[]).filter(
        key => !isDeepStrictEqual(config.fib[key], this.current.fib[key]),
      );
      changes.push(`fib: ${keys.join(', ')}`);
    }
    if (diff.log) {
      log.level = config.log.level;
      changes.push(`log level ${config.log.level}`);
    }
    this.current = config;
    for (const warning of [...loaded.warnings, ...diff.restartNeeded]) log.warn(warning);
    log.info({ changes }, changes.length === 0 ? 'configuration reloaded: nothing changed' : 'configuration reloaded');
    notify('READY=1');
    return { ok: true, changes, warnings: [...loaded.warnings, ...diff.restartNeeded] };
  }

  addNeighbor(spec: NeighborSpec): void {
    try {
      const neighbor = parseNeighbor(spec, this.current);
      if (isRange(neighbor.address)) {
        throw new InputError('a prefix of neighbors belongs into the configuration file', 'add it there and reload');
      }
      this.speaker.addNeighbor(neighbor);
      this.added.set(neighbor.address, spec);
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      throw new InputError(error.message, error.suggestion);
    }
  }

  /** Neighbors that the file does not have follow their groups; returns what changed. */
  private regroupAdded(config: Config): string[] {
    const changes: string[] = [];
    for (const [address, spec] of this.added) {
      const inFile = config.neighbors.some(neighbor => neighbor.address === address);
      if (inFile || this.speaker.neighbor(address) === undefined) this.added.delete(address);
      else if (spec.group !== undefined) {
        try {
          const outcome = this.speaker.updateNeighbor(parseNeighbor(spec, config));
          if (outcome !== 'unchanged')
            changes.push(`neighbor ${address}: group ${spec.group}${outcome === 'reset' ? ' (session reset)' : ''}`);
        } catch (error) {
          if (!(error instanceof BadValue)) throw error;
          this.log.error({ neighbor: address, hint: error.suggestion }, `${address} stays as it is: ${error.message}`);
        }
      }
    }
    return changes;
  }

  async shutdown(message?: string): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    this.log.info({ message }, 'administrative shutdown');
    notify('STOPPING=1');
    this.discovery.close();
    await this.speaker.stop({ message });
    await this.fib.flush();
    await this.fib.stop();
    void this.finish();
  }

  private restore(store: RouteStore): void {
    try {
      this.speaker.addRoutes(store.found);
    } catch (error) {
      if (!(error instanceof RefusedRoute)) throw error;
      const { prefix } = store.found[error.index];
      throw new InputError(`${store.path}: the route ${prefix} cannot be used: ${error.message}`, error.hint);
    }
  }

  /** Own routes and added aggregates of the last run are announced again; true when the kernel's routes are of that run, too. */
  private restoreRoutes(): boolean {
    if (this.current.stateFile === false) return false;
    const store = new RouteStore(this.current.stateFile);
    if (store.found.length > 0) {
      this.restore(store);
      this.log.info({ routes: store.found.length, file: store.path }, 'own routes restored');
    }
    const keep = (act: () => void) => {
      try {
        act();
      } catch (error) {
        this.log.error({ err: error }, `${store.path}: own routes are announced, but will be lost at a restart`);
      }
    };
    this.speaker.onLocalRoutes(change => keep(() => store.record(change)));
    for (const aggregate of store.foundAggregates) {
      const inFile = this.current.aggregates.some(({ prefix }) => prefix === aggregate.prefix);
      if (inFile) keep(() => store.recordAggregates({ added: [], removed: [aggregate.prefix] }));
      else this.speaker.addAggregate(aggregate);
    }
    this.speaker.onAggregates(change => keep(() => store.recordAggregates(change)));
    return store.sameBoot;
  }

  private readonly onStopSignal = (signal: NodeJS.Signals): void => {
    if (this.stopping) process.exit(1);
    this.stopping = true;
    this.log.info({ signal }, 'tsbgp stops; its routes stay for the next start');
    notify('STOPPING=1');
    this.discovery.close();
    // The kernel first: what sessions take from Loc-RIB as they end is to stay there.
    void this.fib
      .stop()
      .then(() => this.speaker.stop('graceful'))
      .then(() => this.finish());
  };

  private readonly onReloadSignal = (): void => {
    this.reload().catch(error => this.log.error({ err: error }, 'reload failed'));
  };

  private async finish(): Promise<void> {
    this.stopWatchdog();
    await this.api?.close();
    process.off('SIGHUP', this.onReloadSignal);
    this.log.info('tsbgp has stopped');
    this.end();
  }
}

function fibOptions(config: Config): FibOptions {
  return { ...config.fib, prefixes: config.fib.prefixes.map(rule => ({ ...rule, prefix: parsePrefix(rule.prefix) })) };
}
