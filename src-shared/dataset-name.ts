/** A dataset's name in plain text, which says that it is synthetic where its own name does not. */
export function nameOf(dataset: { name: string; synthetic: boolean }): string {
  return dataset.synthetic && !/synthetic/i.test(dataset.name) ? `${dataset.name} (synthetic)` : dataset.name;
}
