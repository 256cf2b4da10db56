/** Resolves once everything that has waited has had its turn: for loops that would hold up others. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
