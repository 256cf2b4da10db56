/**
 * /api/keys: what `volley key` does, for whoever has a key of scope admin and no shell on the
 * machine of the run store.
 */
import { type Static, Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { AppError } from "../../domain/errors.ts";
import {
  issueKey,
  KEY_NAME,
  keyAsJson,
  NOT_A_KEY_NAME,
  type Scope,
  SCOPES,
} from "../../domain/key.ts";
import { present } from "../../lib/present.ts";
import type { KeyStore } from "../../store/keys.ts";
import { KEYS_PATH } from "../access/scopes.ts";
import { problems } from "../problem.ts";
import { bodyCheck, readJson } from "../read-json.ts";

export interface KeyRoutesDeps {
  readonly keys: Pick<KeyStore, "createKey" | "listKeys" | "revokeKey">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const MAX_BODY = 4_096;
/** A hundred years, in milliseconds. */
const MAX_LIFE = 36_500 * 86_400_000;

const Name = Type.String({
  pattern: KEY_NAME,
  error: `Must be ${NOT_A_KEY_NAME}.`,
  description: "Who or what the key is for.",
  examples: ["ci"],
});
const KeyScope = Type.Unsafe<Scope>(
  Type.Union(
    SCOPES.map((scope) => Type.Literal(scope)),
    { description: "What the key allows; each scope includes those before it." },
  ),
);
const time = (description: string) => Type.String({ format: "date-time", description });

const NewKey = Type.Object(
  {
    name: Name,
    scope: KeyScope,
    expiresIn: Type.Optional(
      Type.Integer({
        minimum: 1_000,
        maximum: MAX_LIFE,
        description: "How long the key counts, in milliseconds. Absent: until it is revoked.",
        examples: [7_776_000_000],
      }),
    ),
  },
  {
    additionalProperties: false,
    description: "A key to create.",
    examples: [{ name: "ci", scope: "runs:write", expiresIn: 7_776_000_000 }],
  },
);
const KEY_FIELDS = {
  id: Type.String({ description: "Names the key; it is also the part before its dot." }),
  name: Name,
  scope: KeyScope,
  createdAt: time("When it was created."),
  expiresAt: Type.Optional(time("When it stops counting.")),
  revokedAt: Type.Optional(time("When it was revoked.")),
  lastUsedAt: Type.Optional(time("When it was last used, some seconds behind.")),
};
const Key = Type.Object(KEY_FIELDS, { additionalProperties: false, description: "A key." });
const IssuedKey = Type.Object(
  { key: Type.String({ description: "The key itself. Kept nowhere, shown once." }), ...KEY_FIELDS },
  { additionalProperties: false, description: "The key that was created." },
);
const Keys = Type.Object(
  { keys: Type.Array(Key, { description: "In the order they were created in." }) },
  { additionalProperties: false, description: "All keys, also those that count no more." },
);
const KeyParams = Type.Object({
  id: Type.String({ description: "Id of the key.", examples: ["0123456789abcdef"] }),
});

export function keyRoutes({ keys, now }: KeyRoutesDeps) {
  const check = bodyCheck(NewKey);
  return new Elysia({ prefix: KEYS_PATH, tags: ["keys"] })
    .get("", async () => ({ keys: (await keys.listKeys()).map(keyAsJson) }), {
      response: { 200: Keys, ...problems(503) },
      detail: { summary: "List keys", description: "Without their secrets, which nobody keeps." },
    })
    .post("", async ({ body, status }) => status(201, await created(body, keys, now())), {
      body: NewKey,
      parse: async ({ request }) => check(await readJson(request, MAX_BODY)),
      response: { 201: IssuedKey, ...problems(400, 413, 415, 503) },
      detail: { summary: "Create a key", description: "It counts from the next request on." },
    })
    .delete(
      "/:id",
      async ({ params: { id } }) => {
        const key = await keys.revokeKey(id, now());
        if (key) return keyAsJson(key);
        throw new AppError("key_not_found", `There is no key "${id.slice(0, 128)}".`);
      },
      {
        params: KeyParams,
        response: { 200: Key, ...problems(404, 503) },
        detail: {
          summary: "Revoke a key",
          description: "It counts no more from the next request on, nor do its sessions.",
        },
      },
    );
}

async function created(
  { expiresIn, name, scope }: Static<typeof NewKey>,
  keys: KeyRoutesDeps["keys"],
  createdAt: number,
) {
  const { digest, id, text } = issueKey();
  const expiresAt = expiresIn === undefined ? undefined : createdAt + expiresIn;
  const key = { id, name, scope, createdAt, ...present({ expiresAt }) };
  await keys.createKey({ ...key, digest });
  return { key: text, ...keyAsJson(key) };
}
