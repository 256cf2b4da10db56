/**
 * Calls: shell commands that repeat one cell, to be pasted as they are. Pure.
 *
 * No secret stands in them: a token is a variable, and so is an endpoint that the reader may not
 * see; what was sealed in an input is left out.
 */
import type { RequestedRunner } from "../../domain/job.ts";
import { serverFlag } from "../../domain/server-flag.ts";
import { present } from "../../lib/present.ts";
import { withoutSealed } from "../../lib/secrets.ts";
import { shellWord } from "../../lib/shell.ts";

/** Longest command, in characters: terminals and clipboards have limits of their own. */
const MAX_COMMAND = 32_768;

export interface CellCall {
  readonly runId: string;
  readonly url: string;
  readonly region?: string;
  readonly runner: RequestedRunner;
}

/** How an endpoint is called; `base` is absent if the reader may not see it. */
export interface EndpointCall {
  readonly base?: string;
  /** Whether it asks for a bearer token. */
  readonly token: boolean;
}

/**
 * The POST that the endpoint got, for this runner alone. Without its `Idempotency-Key`, which
 * would be answered from memory. Undefined if it is too long to be of use.
 */
export function curlOf(
  { region, runId, runner, url }: CellCall,
  { base, token }: EndpointCall,
): string | undefined {
  const { input, name } = runner;
  const body = {
    url,
    runners: [{ name, ...present({ input: withoutSealed(input) as typeof input }) }],
    runId,
    ...present({ region }),
  };
  const command = [
    "curl -sS -X POST",
    base === undefined ? '"$ENDPOINT/execute"' : shellWord(`${base}/execute`),
    "-H 'content-type: application/json'",
    ...(token ? ['-H "authorization: Bearer $TOKEN"'] : []),
    `--data-raw ${shellWord(plainJson(body))}`,
  ].join(" ");
  return command.length > MAX_COMMAND ? undefined : command;
}

/** The command that runs just this cell again, on `server` if it is to name one. */
export function rerunOf({ region, runId, runner, url }: CellCall, server?: string): string {
  const cell = cellName({ name: runner.name, url, ...present({ region }) });
  const where = server === undefined ? "" : serverFlag(server);
  return `volley run --rerun ${runId} --cell ${shellWord(cell)}${where}`;
}

/** A cell as `--cell` takes it: name, region and url; `-` stands for no region. */
function cellName(cell: { name: string; region?: string; url: string }): string {
  return `${cell.name} ${cell.region ?? "-"} ${cell.url}`;
}

/** JSON without characters that a terminal would obey. */
function plainJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
