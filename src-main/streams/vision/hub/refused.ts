/** Replies that bring no file, as errors with a remedy. */
import { StudioError } from '../../../../src-shared/errors.ts';
import type { HubReply } from './request.ts';
import { TryAgain, retryAfterMs } from './retry.ts';

const PASSING = [408, 425, 429, 500, 502, 503, 504];

/** The error of a reply with a status that is neither success nor redirect; TryAgain where it may pass.
 *  `what` names the thing asked for, e.g. "model.onnx of owner/name at main". */
export function refusal(reply: HubReply, what: string): StudioError | TryAgain {
  const { status, headers, host } = reply;
  if (PASSING.includes(status)) {
    const why = status === 429 ? 'too many requests' : `status ${status}`;
    const failure = new StudioError('not-available', `${host} cannot serve ${what} now: ${why}`, {
      hint:
        status === 429
          ? 'Wait some minutes; with a token (HF_TOKEN) the hub allows more requests.'
          : 'Try again later; what is there is kept.',
    });
    return new TryAgain(failure, retryAfterMs(headers.get('retry-after')));
  }
  // A signed address of the file store runs out; the next try asks the hub for a new one.
  if (!reply.fromHub)
    return new TryAgain(
      new StudioError('not-available', `${host} refused ${what} with status ${status}`, {
        hint: 'Start the download again; what is there is kept.',
      }),
    );
  const reason = headers.get('x-error-code');
  if (status === 403 || reason === 'GatedRepo' || (status === 401 && reason !== 'RepoNotFound'))
    return new StudioError('no-permission', `${host} does not let us read ${what}`, {
      hint: 'Check the name. If the model is private or gated, accept its licence on the hub and set HF_TOKEN.',
    });
  if (status === 404 || status === 410 || status === 401)
    return new StudioError('not-found', `${host} has no ${what}`, {
      hint:
        reason === 'RevisionNotFound'
          ? 'The revision does not exist; check the manifest.'
          : reason === 'EntryNotFound'
            ? 'The repository has no such file; its names may have changed.'
            : 'Check the repository, revision and file; a private one needs HF_TOKEN.',
    });
  return new StudioError('not-available', `${host} answered ${what} with status ${status}`, {
    hint: 'Check that HF_ENDPOINT is a hub.',
  });
}
