/** Random choices that a seed repeats: a property test prints its seed when it fails. */
export interface Random {
  /** From 0, below 1. */
  readonly fraction: () => number;
  /** From `min` to `max`, both included. */
  readonly integer: (min: number, max: number) => number;
  readonly pick: <Item>(items: readonly Item[]) => Item;
}

/** mulberry32: small, and good enough to vary a test. */
export function random(seed: number): Random {
  let state = seed;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (min: number, max: number): number =>
    min + Math.floor(fraction() * (max - min + 1));
  return { fraction, integer, pick: (items) => items[integer(0, items.length - 1)] as never };
}

/** The seed of this process: TEST_SEED, to repeat a failure, or a new one. */
random.seed = (): number =>
  Number(process.env["TEST_SEED"] ?? crypto.getRandomValues(new Uint32Array(1))[0]);
