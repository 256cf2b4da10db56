/** The request as it could be sent again. */
import type { RunRequest } from "../../domain/run.ts";
import { submitCommand } from "../parts/command.ts";
import { useLoaded } from "../parts/loaded.ts";
import { go } from "../parts/router.tsx";
import { CopyButton, Failure, Loading } from "../parts/shown.tsx";
import { API, json, who } from "../server.ts";
import { draft } from "../submit/draft.ts";
import { mayWrite } from "./actions.tsx";

/** A longer text makes the page slow and is read by nobody. */
const MOST_SHOWN = 200_000;

export function RequestPart({ runId }: { readonly runId: string }) {
  const { error, value } = useLoaded(runId, (signal) =>
    json<RunRequest>("GET", `${API}/${encodeURIComponent(runId)}/request`, undefined, signal),
  );
  if (error !== undefined) return <Failure title="The request cannot be read" error={error} />;
  if (!value) return <Loading what="the request" />;
  const text = JSON.stringify(value, null, 2);
  const edit = (): void => {
    draft.value = value;
    go("/submit");
  };
  return (
    <section aria-label="Request">
      <div class="actions start">
        <CopyButton label="Copy as JSON" text={text} />
        <CopyButton
          label="Copy as curl"
          text={submitCommand(value, who.value?.name !== undefined)}
        />
        {mayWrite() ? (
          <button type="button" class="quiet" onClick={edit}>
            Edit and submit
          </button>
        ) : undefined}
      </div>
      <pre tabIndex={0}>{text.slice(0, MOST_SHOWN)}</pre>
      {text.length > MOST_SHOWN ? (
        <p class="soft">Only the beginning is shown; copying takes all of it.</p>
      ) : undefined}
    </section>
  );
}
