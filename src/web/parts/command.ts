/** Requests as shell commands. */
import { API } from "../server.ts";

/** A text as one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The command that submits a request; `$VOLLEY_KEY` stands for the key, where one is asked for. */
export function submitCommand(request: unknown, keyed: boolean): string {
  return [
    `curl -sS -X POST ${quoted(location.origin + API)}`,
    `-H 'content-type: application/json'`,
    ...(keyed ? [`-H "authorization: Bearer $VOLLEY_KEY"`] : []),
    `-d ${quoted(JSON.stringify(request))}`,
  ].join(" \\\n  ");
}
