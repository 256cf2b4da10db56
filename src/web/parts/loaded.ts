/** Something read from the server when a page opens, and again when it is asked for. */
import { useEffect, useState } from "preact/hooks";

import { patiently } from "../server.ts";

export interface Loaded<Value> {
  readonly value?: Value;
  readonly error?: unknown;
  readonly again: () => void;
}

/** Reads anew whenever `key` changes, and keeps what it has until then. */
export function useLoaded<Value>(
  key: string,
  read: (signal: AbortSignal) => Promise<Value>,
): Loaded<Value> {
  const [state, setState] = useState<{ key: string; value?: Value; error?: unknown }>({ key });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    patiently(() => read(signal), signal).then(
      (value) => setState({ key, value }),
      (error: unknown) => {
        if (!signal.aborted) setState({ key, error });
      },
    );
    return () => controller.abort();
  }, [key, turn]);
  const { error, value } = state.key === key ? state : {};
  return {
    ...(value !== undefined && { value }),
    ...(error !== undefined && { error }),
    again: () => setTurn((turn) => turn + 1),
  };
}
