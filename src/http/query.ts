/**
 * Query parameters: text that is checked by pattern and converted here, because a framework's
 * conversion would accept what it cannot represent.
 */
import { type Static, Type } from "@sinclair/typebox";

import { AppError } from "../domain/errors.ts";
import { State } from "../domain/job.ts";
import { NOT_A_REGION, REGION_PATTERN } from "../domain/region.ts";
import { present } from "../lib/present.ts";
import type { RunFilter } from "../store/store.ts";

/**
 * The hook that throws AppError if a parameter is given twice: nobody could tell which one counts.
 * It has no `return` and is no arrow: the framework takes such functions for asynchronous ones.
 */
export function refuseRepeated({ request: { url } }: { readonly request: Request }): void {
  const start = url.indexOf("?");
  if (start >= 0) checkRepeated(url, start);
}

function checkRepeated(url: string, start: number): void {
  const names = [...new URLSearchParams(url.slice(start)).keys()];
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  if (repeated.size === 0) return;
  const faults = Array.from(repeated, (name) => ({ path: `/${name}`, message: "Is given twice." }));
  throw new AppError("invalid_request", "The request is not valid.", { faults });
}

export const WaitQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.String({
        pattern: "^([0-9]|[1-5][0-9]|60)$",
        error: "Must be a number of seconds from 0 to 60.",
        description: "Answer at the end of the run, or after so many seconds (at most 60).",
        examples: ["30"],
      }),
    ),
  },
  { additionalProperties: false },
);

export function waitMs({ wait }: Static<typeof WaitQuery>): number {
  return Number(wait ?? 0) * 1_000;
}

const DEFAULT_LIMIT = 20;

export const ListQuery = Type.Object(
  {
    state: Type.Optional(State),
    tag: Type.Optional(Type.String({ maxLength: 64, description: "Runs with this tag." })),
    region: Type.Optional(
      Type.String({
        pattern: REGION_PATTERN,
        error: NOT_A_REGION,
        description: "Runs with a job in this region.",
      }),
    ),
    url: Type.Optional(
      Type.String({ maxLength: 8192, description: "Runs with a job for this URL." }),
    ),
    since: Type.Optional(
      Type.String({
        maxLength: 64,
        description: "Runs accepted at or after this time (ISO 8601, with a time zone).",
        examples: ["2024-01-01T00:00:00Z"],
      }),
    ),
    limit: Type.Optional(
      Type.String({
        pattern: "^([1-9][0-9]?|100)$",
        error: "Must be a number from 1 to 100.",
        description: "Most runs in the answer, from 1 to 100. Default 20.",
        examples: ["50"],
      }),
    ),
    cursor: Type.Optional(
      Type.String({
        pattern: "^[a-z0-9]{1,12}$",
        error: "Must be the nextCursor of an earlier answer.",
        description: "`nextCursor` of the page before.",
      }),
    ),
  },
  { additionalProperties: false },
);

/** What a list query asks for. Throws AppError for a time that is none. */
export function listQuery(query: Static<typeof ListQuery>): {
  filter: RunFilter;
  limit: number;
  from?: number;
} {
  const { cursor, limit, since, ...facets } = query;
  return {
    filter: { ...facets, ...present({ since: since === undefined ? since : time(since) }) },
    limit: Number(limit ?? DEFAULT_LIMIT),
    ...present({ from: cursor === undefined ? cursor : Number.parseInt(cursor, 36) }),
  };
}

export function toCursor(next: number): string {
  return next.toString(36);
}

const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

function time(text: string): number {
  const ms = TIME.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(ms)) return ms;
  const faults = [
    { path: "/since", message: "Must be an ISO 8601 time such as 2024-01-01T00:00:00Z." },
  ];
  throw new AppError("invalid_request", "The request is not valid.", { faults });
}
