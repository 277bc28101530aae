/** dataset.json, which the studio writes beside the pictures that it makes itself. */
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { StudioError, errorShape } from '../../src-shared/errors.ts';

/** Its name in the folder. */
export const CARD_FILE = 'dataset.json';

/**
 * Reads a card. Throws StudioError bad-input where it does not say what `schema` asks; `what` names the dataset that it should describe,
 * `remake` the command that makes it again. Errors of the file system as they come.
 */
export async function readCard<Card>(
  file: string,
  schema: z.ZodType<Card>,
  { what, remake }: { what: string; remake: string },
): Promise<Card> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw StudioError.fromShape(errorShape(error, file));
  });
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new StudioError('bad-input', `${CARD_FILE} does not describe ${what} of this studio`, {
      file,
      hint: `${remake} For your own pictures remove ${CARD_FILE}.`,
      cause: error,
    });
  }
}
