import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { closeOnSignals, startEngine } from '../engine.ts';
import { resolveHome } from '../home/home.ts';
import type { EngineHandler } from '../host/handler.ts';
import { findRunningEngine } from '../host/running-engine.ts';
import { serve } from '../host/server.ts';
import { parseCommand, wholeNumber, type Command } from './command.ts';
import { say } from './output.ts';

export const serveCommand: Command = {
  usage: 'studio serve [--port N] [--root DIR] [--open]',
  async run(args) {
    const { values } = parseCommand(args, {
      port: { type: 'string' },
      root: { type: 'string' },
      open: { type: 'boolean' },
    });
    const port = values.port === undefined ? undefined : wholeNumber(values.port, '--port');
    await serveWindow({ home: values.home, root: values.root, port, open: values.open === true, path: '' });
    return 0;
  },
};

/** Serves the window until a signal comes; a running engine of the home is used where there is one. */
export async function serveWindow(options: {
  home: string | undefined;
  root?: string | undefined;
  port?: number | undefined;
  open: boolean;
  /** Hash route to land on, e.g. "#/run/1". */
  path: string;
}): Promise<void> {
  const running = await findRunningEngine(options.home);
  let handler: EngineHandler;
  if (running === null) {
    const engine = await startEngine({
      home: options.home,
      root: options.root === undefined ? undefined : path.resolve(options.root),
    });
    closeOnSignals(engine);
    handler = engine.handler;
  } else {
    say(`using the engine that runs already (process ${running.pid})`);
    handler = running.handler;
  }
  const serving = await serve(handler, {
    home: resolveHome(options.home),
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const url = `${serving.url}${options.path}`;
  process.stdout.write(`BIQA Studio: ${url}\n`);
  if (options.open) openBrowser(url);
  await once(process, running === null ? 'exit' : 'SIGINT');
}

function openBrowser(url: string): void {
  const command =
    process.platform === 'darwin' ? 'open' : process.platform === 'win32' ? 'explorer' : 'xdg-open';
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .on('error', () => say('No browser could be opened; open the URL above yourself.'))
    .unref();
}
