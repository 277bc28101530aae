import { JOB_ACTIONS, type JobAction } from '../../src-shared/jobs.ts';
import { parseCommand, UsageError, wholeNumber, withClient, type Command } from './command.ts';
import { printResult, progressPrinter } from './output.ts';

export const jobsCommand: Command = {
  usage: `studio jobs [${JOB_ACTIONS.join('|')} ID]`,
  async run(args) {
    const { values, positionals } = parseCommand(args, {});
    const [action, id] = positionals;
    if (action !== undefined && !(JOB_ACTIONS as readonly string[]).includes(action))
      throw new UsageError(`Unknown action "${action}"`);
    return withClient(values.home, async (client) => {
      if (action !== undefined) {
        const job = await client.api.jobs.act.mutate({
          id: wholeNumber(id, 'ID'),
          action: action as JobAction,
        });
        const goesOn = action === 'resume' || action === 'retry';
        if (goesOn && client.ownEngine) await client.finish(job.id, progressPrinter());
      }
      const jobs = await client.api.jobs.list.query();
      printResult(values.json === true, { jobs }, () =>
        jobs.length === 0
          ? ['No jobs.']
          : jobs.map(
              (j) =>
                `${j.id}\t${j.status}\t${j.title}\t${j.done}/${j.total}${j.failed > 0 ? `\t${j.failed} failed` : ''}${j.error === null ? '' : `\t${j.error.message}`}`,
            ),
      );
      return 0;
    });
  },
};
