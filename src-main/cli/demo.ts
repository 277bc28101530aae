import type { DemoResult } from '../../src-shared/jobs.ts';
import { parseCommand, wholeNumber, withClient, type Command } from './command.ts';
import { figure, printResult, progressPrinter, say } from './output.ts';
import { serveWindow } from './serve.ts';

export const demoCommand: Command = {
  usage: 'studio demo [--no-serve] [--port N]',
  async run(args) {
    const { values } = parseCommand(args, { 'no-serve': { type: 'boolean' }, port: { type: 'string' } });
    const port = values.port === undefined ? undefined : wholeNumber(values.port, '--port');
    const started = performance.now();
    const result = await withClient(values.home, async (client) => {
      const { job } = await client.api.demo.start.mutate();
      const demo = (await client.finish(job, progressPrinter())).result as DemoResult;
      const run = await client.api.runs.get.query({ run: demo.run });
      printResult(values.json === true, { ...demo, metrics: run.metrics }, () => [
        `Demo done in ${((performance.now() - started) / 1000).toFixed(0)} s (synthetic pictures and labels).`,
        `SROCC ${figure(run.metrics?.overall.srocc)} over ${run.population.n} images, ${run.protocol}. Per distortion:`,
        ...run.perDistortion.map((d) => `  ${d.type} ${d.name.padEnd(28)} ${figure(d.srocc)}`),
      ]);
      return demo;
    });
    if (values['no-serve'] === true || values.json === true) return 0;
    say('Opening the window; stop it with Ctrl-C.');
    await serveWindow({
      home: values.home,
      port,
      json: false,
      open: process.stdout.isTTY === true,
      path: `#/run/${result.run}`,
    });
    return 0;
  },
};
