/** Resolves once one of the signals has aborted; leaves no listener behind on the others. */
export function firstAborted(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      for (const signal of signals) signal.removeEventListener("abort", settle);
      resolve();
    };
    for (const signal of signals) signal.addEventListener("abort", settle);
    if (signals.some((signal) => signal.aborted)) settle();
  });
}
