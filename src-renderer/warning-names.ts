import type { Term } from './glossary.ts';

/** What a run's warning is called, and the glossary's entry that explains it. */
const NAMES: Record<string, { title: string; term: Term }> = {
  leakage: { title: 'Leakage', term: 'leakage' },
  'near-duplicates': { title: 'Near-duplicates', term: 'nearDuplicates' },
  overlap: { title: 'Overlap', term: 'overlap' },
  partial: { title: 'Images left out', term: 'population' },
  'dropped-components': { title: 'Components left out', term: 'pca' },
};

/** The name of a warning's code; a code that is not known yet stays as it is. */
export function warningName(code: string): { title: string; term: Term | null } {
  return NAMES[code] ?? { title: code, term: null };
}
