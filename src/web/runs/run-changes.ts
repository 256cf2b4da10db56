/**
 * Tells that some run has changed, by the server's stream of changes. While the page is not in
 * sight it holds no connection: browsers allow six to a host, and there may be many tabs.
 */
import { useEffect, useState } from "preact/hooks";

import { sleep } from "../../client/patience.ts";
import { useVisible } from "../parts/visible.ts";
import { client, patience, patiently } from "../server.ts";

/** Before a stream that ended is opened again. */
const REOPEN_MS = 500;

/** A number that grows with every change. */
export function useRunChanges(): number {
  const [changes, setChanges] = useState(0);
  const visible = useVisible();
  useEffect(() => {
    if (!visible) return;
    const controller = new AbortController();
    const changed = (): void => setChanges((changes) => changes + 1);
    watch(changed, controller.signal).catch(() => {});
    return () => controller.abort();
  }, [visible]);
  return changes;
}

async function watch(changed: () => void, signal: AbortSignal): Promise<void> {
  for (;;) {
    await patiently(async () => {
      // The first comes with the connection: what happened before was told to nobody.
      for await (const _runIds of client.changes(signal)) {
        patience.answered();
        changed();
      }
    }, signal);
    await sleep(REOPEN_MS, signal);
  }
}
