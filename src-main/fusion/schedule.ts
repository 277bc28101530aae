/** Learning rate of an epoch (0-based): cosine from `lr` towards 0, stepped once per epoch (paper, section 2.7). */
export function cosineRate(lr: number, epoch: number, epochs: number): number {
  return (lr * (1 + Math.cos((Math.PI * epoch) / epochs))) / 2;
}
