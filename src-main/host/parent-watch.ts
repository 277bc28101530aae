/** An engine that the shell started must not outlive it, even when the shell is killed. */

/** Set by the shell: the engine's stdin is a pipe that the shell never writes to and that closes with it. */
export const PARENT_PIPE = 'BIQA_STUDIO_PARENT_PIPE';

/** Calls `stop` once the shell that started this engine is gone; does nothing in an engine that has no shell. */
export function onParentGone(stop: () => void): void {
  if (process.env[PARENT_PIPE] !== '1') return;
  process.stdin.once('close', stop);
  process.stdin.on('error', () => undefined); // 'close' follows
  process.stdin.resume();
}
