export const CHROMIUM_SWITCHES: string[];
export function findChromium(): string | null;
