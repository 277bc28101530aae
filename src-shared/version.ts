import manifest from '../package.json' with { type: 'json' };

/** The studio's version; client and engine of different versions refuse each other. */
export const STUDIO_VERSION: string = manifest.version;
