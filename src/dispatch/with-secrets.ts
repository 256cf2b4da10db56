/**
 * Dispatch of jobs whose inputs hold sealed secrets: they are opened for the dispatch alone, and
 * whatever comes back is kept without them.
 */
import { withoutSecrets } from "../domain/result.ts";
import { holdsSealed, openSecrets } from "../domain/secret-input.ts";
import { present } from "../lib/present.ts";
import type { Redactor } from "../lib/redactor.ts";
import { failure } from "./answer.ts";
import type { Dispatch } from "./dispatch.ts";

export interface SecretsOptions {
  /** The text that was sealed; undefined if its key is not there. */
  readonly open: (sealed: string) => string | undefined;
  readonly redactor: Redactor;
}

export function withSecrets(dispatch: Dispatch, { open, redactor }: SecretsOptions): Dispatch {
  const opening: Dispatch = async (job, signal) => {
    const opened = openSecrets(job.runners, open);
    if (!opened) {
      const error = "A secret of the input cannot be opened: the key it was sealed with is gone.";
      return failure("secret_unavailable", "orchestrator", error);
    }
    const { runners, secrets } = opened;
    const { results, ...end } = await dispatch({ ...job, runners }, signal);
    const known = redactor.with(secrets);
    return {
      ...(known.value(end) as typeof end),
      ...present({ results: results?.map((result) => withoutSecrets(result, known)) }),
    };
  };
  return (job, signal) => (holdsSealed(job.runners) ? opening(job, signal) : dispatch(job, signal));
}
