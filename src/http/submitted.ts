/** What every route that starts a run takes and answers. */
import { Type } from "@sinclair/typebox";

import { RunId } from "../domain/run.ts";
import { Warnings } from "../domain/warning.ts";

export const Accepted = Type.Object(
  { runId: RunId, warnings: Type.Optional(Warnings) },
  { additionalProperties: false, description: "The run is durably kept and will be executed." },
);
export const Replayed = Type.Object(
  { runId: RunId },
  { additionalProperties: false, description: "The same submit was accepted before." },
);

/** draft-ietf-httpapi-idempotency-key-header, with any short visible text. */
export const SubmitHeaders = Type.Object(
  {
    "idempotency-key": Type.Optional(
      Type.String({
        pattern: "^[\\x20-\\x7e]{1,255}$",
        error: "Must be 1 to 255 visible ASCII characters.",
        description: "Names this submit, so that repeating it starts no second run.",
      }),
    ),
  },
  { additionalProperties: true },
);
