import { parseCommand, withClient, type Command } from './command.ts';
import { printResult } from './output.ts';

export const doctorCommand: Command = {
  usage: 'studio doctor',
  async run(args) {
    const { values } = parseCommand(args, {});
    return withClient(values.home, async (client) => {
      const report = await client.api.settings.doctor.query();
      const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
      printResult(values.json === true, report, () => [
        `BIQA Studio ${report.version} on Node ${report.node}, ${report.platform}`,
        `${report.cpu}, ${report.cores} cores, ${gigabytes(report.memoryBytes)} memory (${gigabytes(report.freeMemoryBytes)} free)`,
        `home ${report.home}: catalog ${gigabytes(report.catalogBytes)}, ${gigabytes(report.homeFreeBytes)} free`,
        `SQLite ${report.sqlite}, libvips ${report.libvips}, providers: ${report.providers.join(', ')}; ${report.threads} threads`,
        `hub ${report.hub.endpoint}: ${report.hub.message}; models in ${report.hub.cacheFolder}${report.hub.cacheFreeBytes === null ? '' : `, ${gigabytes(report.hub.cacheFreeBytes)} free`}`,
        ...report.checks.map((c) => `${c.ok ? 'ok  ' : 'FAIL'} ${c.name}: ${c.message}`),
      ]);
      return report.checks.every((c) => c.ok) ? 0 : 1;
    });
  },
};
