/** The registry of commands: name -> how it is called and what runs it. One file per noun. */
import { compareFoldersCommand } from './compare-folders.ts';
import { datasetsCommand, importCommand } from './datasets.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { encodersCommand } from './encoders.ts';
import { extractCommand } from './extract.ts';
import { exportCommand, reportCommand } from './export.ts';
import { featuresCommand } from './features.ts';
import { jobsCommand } from './jobs.ts';
import { ladderCommand } from './ladder.ts';
import { predictCommand, predictionsCommand } from './predict.ts';
import { resultsCommand, runCommand, runsCommand } from './runs.ts';
import { serveCommand } from './serve.ts';
import { tableCommand } from './table.ts';
import type { Command } from './command.ts';

export const COMMANDS: Record<string, Command> = {
  serve: serveCommand,
  import: importCommand,
  datasets: datasetsCommand,
  encoders: encodersCommand,
  extract: extractCommand,
  features: featuresCommand,
  run: runCommand,
  runs: runsCommand,
  results: resultsCommand,
  table: tableCommand,
  export: exportCommand,
  report: reportCommand,
  predict: predictCommand,
  predictions: predictionsCommand,
  ladder: ladderCommand,
  'compare-folders': compareFoldersCommand,
  jobs: jobsCommand,
  demo: demoCommand,
  doctor: doctorCommand,
};
