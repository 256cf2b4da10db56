/** What can be done with a run: cancel it, run it again, copy the command that submits it. */
import { useState } from "preact/hooks";

import type { Again } from "../../client/client.ts";
import { freshKey } from "../parts/fresh-key.ts";
import { go, runPath } from "../parts/router.tsx";
import { client, noteRefusal, sentence, who } from "../server.ts";
import type { LiveRun } from "./live-run.ts";

export function mayWrite(): boolean {
  return who.value?.scope !== "runs:read";
}

/** Something asked of the server by a button: busy meanwhile, and what went wrong. */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const act = async (work: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      await work();
    } catch (error) {
      noteRefusal(error);
      setFailure(sentence(error));
    } finally {
      setBusy(false);
    }
  };
  return { busy, failure, act };
}

/** Runs some of a run again, and goes to the new run. */
export async function rerun(runId: string, again: Again): Promise<void> {
  go(runPath((await client.rerun(runId, again, freshKey())).runId));
}

export function Actions({ live }: { readonly live: LiveRun }) {
  const { act, busy, failure } = useAction();
  const { runId } = live;
  if (!mayWrite()) return <></>;
  const summary = live.summary();
  const red = summary.unexpected ?? summary.failed + summary.errored;
  return (
    <div class="actions">
      <span class="wrong" role="alert">
        {failure}
      </span>
      {live.ended ? (
        <>
          <button
            type="button"
            disabled={busy || red === 0}
            onClick={() => void act(() => rerun(runId, "failed"))}
          >
            Rerun failed
          </button>
          <button type="button" disabled={busy} onClick={() => void act(() => rerun(runId, "all"))}>
            Rerun all
          </button>
        </>
      ) : (
        <button
          type="button"
          class="danger"
          disabled={busy}
          onClick={() => void act(() => client.cancel(runId))}
        >
          Cancel run
        </button>
      )}
    </div>
  );
}
