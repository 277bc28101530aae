/** The engine as the shell sees it: a plain Node child that is started, waited for, restarted and ended. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { StudioError } from '../../src-shared/errors.ts';
import { parseErrorShape } from '../host/error-response.ts';
import type { EngineHandler } from '../host/handler.ts';
import { PARENT_PIPE } from '../host/parent-watch.ts';
import { findRunningEngine } from '../host/running-engine.ts';
import type { RunningEngine } from '../host/running-engine.ts';

/** `node` runs `entry` (src-main/engine.ts) on the home that `home` names, as --home does. Times in milliseconds. */
export type EngineProcessOptions = {
  node: () => string;
  entry: string;
  home?: string;
  firstDelay?: number;
  longestDelay?: number;
  patience?: number;
};

const READY_WITHIN = 60_000;
const POLL = 50;
const STEADY = 10_000; // an engine that lived so long did not die of its start
const GRACE = 5_000;

/** Keeps one engine running. An engine that holds the home already (`studio serve`) is used and left alone. */
export class EngineProcess {
  private readonly options: Required<Omit<EngineProcessOptions, 'home'>> & { home: string | undefined };
  private child: ChildProcess | null = null;
  private childEnded: Promise<void> = Promise.resolve();
  private engine: Promise<RunningEngine> | null = null;
  private delay: number;
  private stopped = false;

  constructor(options: EngineProcessOptions) {
    this.options = { firstDelay: 250, longestDelay: 8000, patience: 20_000, ...options, home: options.home };
    this.delay = this.options.firstDelay;
  }

  /** Starts connecting; returns at once. */
  start(): void {
    this.engine = this.connect();
    this.engine.catch(() => this.restart());
  }

  /** Sends a request to the engine; waits up to `patience` for one that is starting, then throws why it does not. */
  readonly handler: EngineHandler = async (request, client) => {
    const engine = await this.whenRunning();
    try {
      return await engine.handler(request, client);
    } catch (error) {
      const gone = error instanceof StudioError && error.code === 'not-found';
      if (!gone || this.stopped) throw error;
      // Its end may not have been told yet. An engine of somebody else's has no 'exit' event for us.
      await sleep(POLL);
      if (this.child === null && (await this.engine?.catch(() => null)) === engine) this.start();
      if (request.body !== null) throw error; // the body is spent; the page decides whether to ask again
      return (await this.whenRunning()).handler(request, client);
    }
  };

  /** Ends the engine that this shell started: asks first, kills after five seconds. */
  async stop(): Promise<void> {
    this.stopped = true;
    const child = this.child;
    if (child === null) return;
    child.stdin?.end(); // the engine closes in peace; Windows has no signal for that
    const killer = setTimeout(() => child.kill('SIGKILL'), GRACE);
    await this.childEnded;
    clearTimeout(killer);
  }

  private async whenRunning(): Promise<RunningEngine> {
    const deadline = Date.now() + this.options.patience;
    let reason: unknown = new StudioError('internal', 'The engine is still starting');
    while (!this.stopped && this.engine !== null && Date.now() < deadline) {
      const attempt = this.engine.catch(async (error: unknown) => {
        reason = error;
        await sleep(POLL); // until the next attempt has taken this one's place
        return null;
      });
      const engine = await Promise.race([attempt, sleep(deadline - Date.now(), null, { ref: false })]);
      if (engine !== null) return engine;
    }
    throw reason;
  }

  private async connect(): Promise<RunningEngine> {
    const running = await findRunningEngine(this.options.home);
    return running ?? this.launch();
  }

  private async launch(): Promise<RunningEngine> {
    const { node, entry, home } = this.options;
    const env: NodeJS.ProcessEnv = { ...process.env, [PARENT_PIPE]: '1' };
    delete env['ELECTRON_RUN_AS_NODE'];
    const args = home === undefined ? [entry] : [entry, '--home', home];
    const child = spawn(node(), args, { stdio: ['pipe', 'ignore', 'pipe'], env, windowsHide: true });
    this.child = child;
    const started = Date.now();
    let complaint = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text);
      complaint = (complaint + text).slice(-2000);
    });
    child.stdin!.on('error', () => undefined); // its end is told by 'exit'
    const ended = new Promise<never>((_, reject) => {
      child.on('error', reject); // it could not be started: no 'exit' will come
      child.once('exit', (code, signal) => {
        reject(lastWords(complaint, signal ?? `code ${code}`));
      });
    });
    let ready = false;
    this.childEnded = ended.catch(() => {
      this.child = null;
      if (Date.now() - started > STEADY) this.delay = this.options.firstDelay;
      if (ready) this.restart(); // else start() sees the failure
    });
    const engine = await Promise.race([this.untilReady(child), ended]);
    ready = true;
    return engine;
  }

  /** Resolves when this child answers on its socket. */
  private async untilReady(child: ChildProcess): Promise<RunningEngine> {
    const deadline = Date.now() + READY_WITHIN;
    while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
      const running = await findRunningEngine(this.options.home);
      if (running !== null && running.pid === child.pid) return running;
      await sleep(POLL);
    }
    child.kill('SIGKILL');
    throw new StudioError('internal', `The engine was not ready within ${READY_WITHIN / 1000} s`);
  }

  private restart(): void {
    if (this.stopped) return;
    const delay = this.delay;
    this.delay = Math.min(delay * 2, this.options.longestDelay);
    this.engine = sleep(delay).then(() => {
      if (this.stopped) throw new StudioError('cancelled', 'The studio is closing');
      return this.connect();
    });
    this.engine.catch(() => this.restart());
  }
}

/** Why the engine ended: the ErrorShape that it printed last, else its last line. */
function lastWords(complaint: string, how: string): StudioError {
  const last = complaint.trim().split('\n').at(-1) ?? '';
  return (
    parseErrorShape(last) ?? new StudioError('internal', `The engine ended (${how})${last && `: ${last}`}`)
  );
}
