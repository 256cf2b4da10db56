/** Submit a run: by a form that knows the regions and their runners, or as JSON. */
import { useMemo, useRef, useState } from "preact/hooks";

import { Refusal } from "../../client/errors.ts";
import type { RunRequest } from "../../domain/run.ts";
import { REDACTED } from "../../lib/secrets.ts";
import { counted } from "../../report/words.ts";
import { submitCommand } from "../parts/command.ts";
import { freshKey } from "../parts/fresh-key.ts";
import { useLoaded } from "../parts/loaded.ts";
import { go, runPath } from "../parts/router.tsx";
import { CopyButton, Empty, Failure, Loading } from "../parts/shown.tsx";
import { mayWrite, useAction } from "../run/actions.tsx";
import { client, who } from "../server.ts";
import { draft } from "./draft.ts";
import { FormPart } from "./form-part.tsx";
import { type Drafted, EMPTY_FORM, requestOf } from "./form.ts";

export function SubmitPage() {
  const regions = useLoaded("regions", () => client.regions());
  const [form, setForm] = useState(EMPTY_FORM);
  const [json, setJson] = useState(() => taken(draft.peek()));
  const drafted = useMemo(
    () => (json === undefined ? requestOf(form) : parsed(json)),
    [form, json],
  );
  const formed = useMemo(() => JSON.stringify(requestOf(form).request, null, 2), [form]);
  const found = regions.value?.regions;
  if (!mayWrite() || !found) return <NotYet error={regions.error} />;
  const text = JSON.stringify(drafted.request, null, 2);
  return (
    <>
      <div class="title-row">
        <h1>Submit a run</h1>
        <button
          type="button"
          class="quiet"
          onClick={() => setJson(json === undefined ? text : undefined)}
        >
          {json === undefined
            ? "Edit as JSON"
            : json === formed
              ? "Back to the form"
              : "Discard, back to the form"}
        </button>
      </div>
      <div class="submit">
        {json === undefined ? (
          <FormPart form={form} change={setForm} regions={found} />
        ) : (
          <label>
            Request
            <textarea
              class="json"
              rows={28}
              spellcheck={false}
              value={json}
              onInput={({ currentTarget }) => setJson(currentTarget.value)}
            />
          </label>
        )}
        <Preview drafted={drafted} text={text} shown={json === undefined} />
      </div>
    </>
  );
}

function NotYet({ error }: { readonly error: unknown }) {
  return (
    <>
      <h1>Submit a run</h1>
      {!mayWrite() ? (
        <Empty title="Your key may look, but not submit">
          <p>It has the scope runs:read; submitting needs runs:write.</p>
        </Empty>
      ) : error === undefined ? (
        <Loading what="the regions" />
      ) : (
        <Failure title="The regions cannot be read" error={error} />
      )}
    </>
  );
}

/** What another page left to be edited; it is taken once. */
function taken(request: RunRequest | undefined): string | undefined {
  draft.value = undefined;
  return request && JSON.stringify(request, null, 2);
}

function parsed(text: string): Drafted {
  try {
    return { request: JSON.parse(text) as RunRequest, faults: [] };
  } catch {
    return { request: { runners: [], mode: "remote" }, faults: ["This is not valid JSON."] };
  }
}

interface PreviewProps {
  readonly drafted: Drafted;
  readonly text: string;
  readonly shown: boolean;
}

function Preview({ drafted, shown, text }: PreviewProps) {
  const { act, busy } = useAction();
  const [error, setError] = useState<unknown>();
  // The same text sent twice, because an answer got lost, is one run.
  const key = useRef({ text: "", value: "" });
  const submit = async (): Promise<void> => {
    if (key.current.text !== text) key.current = { text, value: freshKey() };
    setError(undefined);
    try {
      go(runPath((await client.submit(drafted.request, key.current.value)).runId));
    } catch (error) {
      setError(error);
    }
  };
  const { faults, request } = drafted;
  return (
    <section class="preview" aria-label="The request">
      <div class="actions">
        <button type="button" disabled={busy || faults.length > 0} onClick={() => void act(submit)}>
          {caption(request)}
        </button>
        <CopyButton label="Copy JSON" text={text} />
        <CopyButton
          label="Copy curl"
          text={submitCommand(request, who.value?.name !== undefined)}
        />
      </div>
      {error === undefined ? undefined : <Failure title="The run was not accepted" error={error} />}
      {error instanceof Refusal && error.faults.length > 0 ? (
        <ul class="faults">
          {error.faults.map(({ message, path }) => (
            <li key={path + message}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      ) : undefined}
      {text.includes(JSON.stringify(REDACTED)) ? (
        <p class="note">
          What stands as {REDACTED} was a secret; a runner gets these very words unless you write it
          anew.
        </p>
      ) : undefined}
      <ul class="faults hints">
        {faults.map((fault) => (
          <li key={fault}>{fault}</li>
        ))}
      </ul>
      {shown ? (
        <pre tabIndex={0} aria-label="Request as JSON">
          {text}
        </pre>
      ) : undefined}
    </section>
  );
}

function caption({ runners }: RunRequest): string {
  const { length } = Array.isArray(runners) ? runners : [];
  return length === 0 ? "Submit" : `Submit: ${counted(length, "result")}`;
}
