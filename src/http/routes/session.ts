/**
 * /api/session: a person signs in with a key and gets a cookie, so that the key itself is kept
 * nowhere in the browser.
 */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { type Scope, SCOPES } from "../../domain/key.ts";
import { present } from "../../lib/present.ts";
import type { Access } from "../access/access.ts";
import type { Authenticator, Identity, Session } from "../access/authenticator.ts";
import { SESSION_PATH } from "../access/scopes.ts";
import type { SessionCookie } from "../access/session-cookie.ts";
import { problems } from "../problem.ts";
import { bodyCheck, readJson } from "../read-json.ts";

export interface SessionRoutesDeps {
  readonly access: Pick<Access, "signIn" | "identityOf">;
  readonly authenticator: Pick<Authenticator, "signOut">;
  readonly cookie: SessionCookie;
}

/** A key is much smaller. */
const MAX_BODY = 4_096;

const SignIn = Type.Object(
  {
    key: Type.String({
      description: "An API key.",
      examples: ["vly_0123456789abcdef.bm90IGEga2V5LCBqdXN0IGFuIGV4YW1wbGUgb2Ygb25l"],
    }),
  },
  { additionalProperties: false, description: "The key to sign in with." },
);
const Who = Type.Object(
  {
    scope: Type.Unsafe<Scope>(
      Type.Union(
        SCOPES.map((scope) => Type.Literal(scope)),
        { description: "What may be done; each scope includes those before it." },
      ),
    ),
    name: Type.Optional(
      Type.String({ description: "Name of the key. Absent: the server asks for none." }),
    ),
    expiresAt: Type.Optional(
      Type.String({ format: "date-time", description: "End of the session, if it is one." }),
    ),
  },
  { additionalProperties: false, description: "Who asks, and what they may do." },
);

export function sessionRoutes({ access, authenticator, cookie }: SessionRoutesDeps) {
  const check = bodyCheck(SignIn);
  return new Elysia({ tags: ["session"] })
    .post(
      SESSION_PATH,
      async ({ body, request }) => {
        const { session, token } = await access.signIn(request, body.key);
        const headers = { "set-cookie": cookie.write(token, session.expiresAt) };
        return Response.json(shown(session), { headers });
      },
      {
        body: SignIn,
        parse: async ({ request }) => check(await readJson(request, MAX_BODY)),
        response: { 200: Who, ...problems(400, 401, 413, 415, 429, 503) },
        detail: {
          summary: "Sign in",
          description: "Exchanges a key for a cookie that ends after twelve hours. For browsers.",
        },
      },
    )
    .get(SESSION_PATH, ({ request }) => shown(access.identityOf(request)), {
      response: { 200: Who, ...problems(503) },
      detail: { summary: "Who am I", description: "For a key as well as for a session." },
    })
    .delete(
      SESSION_PATH,
      async ({ request }) => {
        const token = cookie.read(request.headers);
        if (token !== undefined) await authenticator.signOut(token);
        return new Response(null, { status: 204, headers: { "set-cookie": cookie.clear() } });
      },
      {
        response: {
          204: Type.Undefined({ description: "The session has ended." }),
          ...problems(503),
        },
        detail: { summary: "Sign out", description: "Ends the session, if there is one." },
      },
    );
}

function shown({ name, scope, ...rest }: Identity | Session) {
  const expiresAt = "expiresAt" in rest ? new Date(rest.expiresAt).toISOString() : undefined;
  return { scope, ...present({ name: name || undefined, expiresAt }) };
}
