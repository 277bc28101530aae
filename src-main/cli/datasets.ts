import path from 'node:path';
import {
  DATASET_FORMATS,
  importOptions,
  type ImportOptions,
  type ScanReport,
} from '../../src-shared/dataset.ts';
import { findDataset, parseCommand, required, UsageError, withClient, type Command } from './command.ts';
import { printResult, progressPrinter, say } from './output.ts';

export const importCommand: Command = {
  usage: `studio import FOLDER [--format ${DATASET_FORMATS.join('|')}] [--name N] [--label C] [--scale A,B] [--better higher|lower] [--duplicates mean|first] [--image-column C] [--group-column C]`,
  async run(args) {
    const { values, positionals } = parseCommand(args, {
      format: { type: 'string' },
      name: { type: 'string' },
      label: { type: 'string' },
      scale: { type: 'string' },
      better: { type: 'string' },
      duplicates: { type: 'string' },
      'image-column': { type: 'string' },
      'group-column': { type: 'string' },
      yes: { type: 'boolean' },
    });
    const folder = path.resolve(required(positionals[0], 'FOLDER'));
    const options = parseOptions({
      format: values.format,
      name: values.name,
      label: values.label,
      scale: values.scale?.split(',').map(Number),
      better: values.better,
      duplicates: values.duplicates,
      imageColumn: values['image-column'],
      groupColumn: values['group-column'],
    });
    return withClient(values.home, async (client) => {
      const { job } = await client.api.datasets.scan.mutate({ folder: { path: folder }, options });
      const report = (await client.finish(job, progressPrinter())).result as ScanReport;
      for (const note of report.notes) say(`note: ${note}`);
      sayRate(report);
      const dataset = await client.api.datasets.import.mutate({ scan: report.scan });
      const result = {
        name: dataset.name,
        format: dataset.format,
        images: dataset.images - dataset.missing - dataset.unreadable,
        missing: dataset.missing,
        unreadable: dataset.unreadable,
        duplicates: dataset.duplicates,
        scale: dataset.scale,
        groups: dataset.groups,
      };
      printResult(values.json === true, { dataset: result }, () => [
        `${dataset.name} (${dataset.format}): ${result.images} images, ${result.missing} missing, ${result.unreadable} unreadable, ${result.duplicates} duplicate rows`,
        `scale ${dataset.scale.min} to ${dataset.scale.max}, ${dataset.scale.better} is better${dataset.groups === null ? '' : `; ${dataset.groups.count} groups (${dataset.groups.kind})`}`,
      ]);
      return 0;
    });
  },
};

function parseOptions(given: Record<string, unknown>): ImportOptions {
  const parsed = importOptions.safeParse(
    Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined)),
  );
  if (parsed.success) return parsed.data;
  throw new UsageError(parsed.error.issues.map((i) => `--${String(i.path[0])}: ${i.message}`).join('; '));
}

/** The reading rate, and what it means for a dataset of real size. */
function sayRate({ bytes, seconds, megabytesPerSecond, images }: ScanReport): void {
  if (bytes === 0) return;
  const perFile = (seconds / images) * 1000;
  const gigabyte = 1000 / megabytesPerSecond;
  say(
    `read ${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s: ${megabytesPerSecond.toFixed(0)} MB/s, ${perFile.toFixed(2)} ms per image; at this rate a gigabyte of images takes ${gigabyte.toFixed(1)} s`,
  );
}

export const datasetsCommand: Command = {
  usage: 'studio datasets [delete NAME | rename NAME NEW]',
  async run(args) {
    const { values, positionals } = parseCommand(args, {});
    const [action, name, newName] = positionals;
    return withClient(values.home, async (client) => {
      if (action === 'delete') {
        const dataset = await findDataset(client, required(name, 'NAME'));
        const impact = await client.api.datasets.deletionImpact.query({ id: dataset.id });
        await client.api.datasets.delete.mutate({ id: dataset.id });
        say(
          `deleted "${dataset.name}": ${impact.images} image rows, ${impact.runs} runs; ${impact.features} cached features stay for another import`,
        );
      } else if (action === 'rename') {
        const dataset = await findDataset(client, required(name, 'NAME'));
        await client.api.datasets.rename.mutate({ id: dataset.id, name: required(newName, 'NEW') });
      } else if (action !== undefined) throw new UsageError(`Unknown action "${action}"`);
      const datasets = await client.api.datasets.list.query();
      printResult(values.json === true, { datasets }, () =>
        datasets.length === 0
          ? ['No datasets yet: studio import FOLDER, or studio demo.']
          : datasets.map(
              (d) =>
                `${d.name}\t${d.format}\t${d.images} images\t${d.missing} missing\t${d.unreadable} unreadable`,
            ),
      );
      return 0;
    });
  },
};
