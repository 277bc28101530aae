import { spawn } from 'node:child_process';
import path from 'node:path';
import { resolveHome } from '../home/home.ts';
import { serve } from '../host/server.ts';
import { parseCommand, wholeNumber, type Command } from './command.ts';
import { joinEngine } from './join.ts';
import { printResult, say } from './output.ts';

export const serveCommand: Command = {
  usage: 'studio serve [--port N] [--root DIR] [--open]',
  async run(args) {
    const { values } = parseCommand(args, {
      port: { type: 'string' },
      root: { type: 'string' },
      open: { type: 'boolean' },
    });
    const port = values.port === undefined ? undefined : wholeNumber(values.port, '--port');
    const { home, root, json = false, open = false } = values;
    await serveWindow({ home, root, port, json, open, path: '' });
    return 0;
  },
};

/** Serves the window until a signal comes; a running engine of the home is used where there is one. */
export async function serveWindow(options: {
  home: string | undefined;
  root?: string | undefined;
  port?: number | undefined;
  json: boolean;
  open: boolean;
  /** Hash route to land on, e.g. "#/run/1". */
  path: string;
}): Promise<void> {
  const root = options.root === undefined ? undefined : path.resolve(options.root);
  const engine = await joinEngine(options.home, root);
  if (!engine.own) say(`using the engine that runs already (process ${engine.pid})`);
  try {
    const home = resolveHome(options.home);
    const port = options.port === undefined ? {} : { port: options.port };
    const serving = await serve(engine.handler, { home, ...port });
    const stopped = stopSignal(); // before the URL is out: who reads it may stop us at once
    const url = `${serving.url}${options.path}`;
    printResult(options.json, { url }, () => [`BIQA Studio: ${url}`]);
    if (options.open) openBrowser(url);
    await stopped;
    await serving.close();
  } finally {
    await engine.close();
  }
}

/** Resolves on the first SIGINT or SIGTERM; the next one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

function openBrowser(url: string): void {
  const command =
    process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open';
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .on('error', () => say('No browser could be opened; open the URL above yourself.'))
    .unref();
}
