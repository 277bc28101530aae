/** What a person may bound in size: thumbnails on the disk, and feature matrices in memory for similar images. */
import { z } from 'zod';

/** Thumbnails: the home's folder of them. Neighbours: resident vectors of the search for similar images. */
export const sizeLimitName = z.enum(['thumbnails', 'neighbours']);
export type SizeLimitName = z.infer<typeof sizeLimitName>;

/** A size in whole megabytes (10^6 bytes). */
export const megabytes = z.int().min(1).max(9_999_999);

/** One limit as the Settings show it, all sizes in megabytes but `usedBytes`. */
export type SizeLimit = {
  /** What holds now: the variable, else the setting, else the default. */
  megabytes: number;
  /** What was set; null: nothing, so that the default holds. */
  set: number | null;
  default: number;
  /** Name of the environment variable, and whether it overrides the setting now. */
  variable: string;
  overridden: boolean;
  /** Bytes that are in use now. */
  usedBytes: number;
};

/** Both limits. */
export type SizeLimits = Record<SizeLimitName, SizeLimit>;

/** What emptying the thumbnail cache has freed. */
export type EmptiedCache = { files: number; bytes: number };
