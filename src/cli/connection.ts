/**
 * Connection: the server that a command talks to, as its flags name it, and what to say when it
 * does not answer as hoped.
 */
import { Client } from "../client/client.ts";
import { NotVolley, Refusal, ServerAway } from "../client/errors.ts";
import { type Carrier, network } from "../client/exchange.ts";
import { Patience } from "../client/patience.ts";
import { surroundings } from "../config.ts";
import type { Fault } from "../domain/errors.ts";
import { API_PATH, serverFlag } from "../domain/server-flag.ts";
import type { FlagValues } from "../lib/flags.ts";
import { readText } from "../lib/text-file.ts";
import { logLine } from "../report/untrusted-text.ts";
import { duration } from "../report/words.ts";
import type { serverFlags } from "./client-settings.ts";

export interface Connection {
  readonly client: Client;
  readonly patience: Patience;
  /** The server as messages name it. */
  readonly name: string;
  /** Where its API key came from, if it has one. */
  readonly keyFrom?: string;
  /** What has to be added to a command line to reach the same server. */
  readonly flags: string;
}

type ServerValues = FlagValues<typeof serverFlags>;

/** The connection that flags describe, or what is wrong with them. `say`: for troubles on the way. */
export function connectionFrom(
  values: ServerValues,
  say: (sentence: string) => void,
): { connection: Connection } | { faults: string[] } {
  const server = serverUrl(values.server);
  const key = values.keyFile === undefined ? environmentKey() : keyFromFile(values.keyFile);
  if ("fault" in server || "fault" in key) {
    return { faults: [server, key].flatMap((one) => ("fault" in one ? [one.fault] : [])) };
  }
  const { name } = server;
  const options = { carry: network, base: server.base, key: key.key };
  return {
    connection: {
      client: new Client(options),
      patience: patienceWith(name, values.reconnect, say),
      name,
      flags: serverFlag(name),
      ...(key.key !== undefined && { keyFrom: values.keyFile ?? KEY_VARIABLE }),
    },
  };
}

/** A connection to a handler inside this process. */
export function inProcess(carry: Carrier): Connection {
  const name = "the server inside this command";
  return {
    client: new Client({ carry, base: `http://localhost${API_PATH}` }),
    patience: patienceWith(name, 0, () => {}),
    name,
    flags: "",
  };
}

function patienceWith(name: string, limitMs: number, say: (sentence: string) => void): Patience {
  return new Patience({
    limitMs,
    onTrouble: (trouble) =>
      say(
        trouble === undefined
          ? `${name} answers again.`
          : `${name} ${troubleWords(trouble)}; trying again for ${duration(limitMs)}.`,
      ),
  });
}

function troubleWords(trouble: ServerAway | Refusal): string {
  return trouble instanceof Refusal ? `says: ${logLine(trouble.message)}` : trouble.message;
}

/** The API's base URL; a path of the server's own is kept. */
export function serverUrl(text: string): { base: string; name: string } | { fault: string } {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return { fault: `--server must be an http:// or https:// URL, not "${text}"` };
  }
  if (url.username || url.password) {
    return { fault: "--server must not hold a user or a password; use --key-file FILE" };
  }
  if (url.search || url.hash) return { fault: "--server must have no query and no fragment" };
  const name = (url.origin + url.pathname).replace(/\/+$/, "").replace(API_PATH, "");
  return { name, base: name + API_PATH };
}

const KEY_VARIABLE = "VOLLEY_API_KEY";
/** What a header may carry. */
const KEY = /^[\x21-\x7e]+$/;

function environmentKey(): { key: string | undefined } | { fault: string } {
  const { apiKey } = surroundings();
  if (apiKey === undefined || KEY.test(apiKey)) return { key: apiKey };
  return { fault: `${KEY_VARIABLE} must be a line of visible ASCII characters` };
}

function keyFromFile(path: string): { key: string } | { fault: string } {
  const read = readText(path);
  if ("fault" in read) return { fault: `--key-file ${path} ${read.fault}` };
  const key = read.text.trim();
  if (KEY.test(key)) return { key };
  return { fault: `--key-file ${path} must hold one line of visible ASCII characters` };
}

/** Whose fault it is that a command could not do its work. */
export const USAGE = 2;
export const INFRASTRUCTURE = 3;

export interface Explanation {
  readonly sentences: readonly string[];
  readonly code: typeof USAGE | typeof INFRASTRUCTURE;
}

/** What an error of the client means to a person; rethrows what is none of the client's. */
export function explained(error: unknown, { flags, keyFrom, name }: Connection): Explanation {
  if (error instanceof ServerAway) {
    const hint = error.unsent
      ? 'start one with "volley serve", name another with --server URL, or use volley run --local DIR'
      : "see its log, or name another with --server URL";
    return { code: INFRASTRUCTURE, sentences: [`${name} ${error.message}; ${hint}.`] };
  }
  if (error instanceof NotVolley) {
    const what = `${name} is no volley server: it ${logLine(error.message)}`;
    return { code: USAGE, sentences: [`${what}; name one with --server URL.`] };
  }
  if (!(error instanceof Refusal)) throw error;
  const detail = logLine(error.message);
  if (error.code === "run_not_found") {
    return { code: USAGE, sentences: [`${detail} "volley ls${flags}" lists the runs of ${name}.`] };
  }
  if (error.code === "not_found") {
    const what = `${name} is no orchestrator, but perhaps a runner server`;
    const hint = 'name one that "volley serve" started with --server URL';
    return { code: USAGE, sentences: [`${what}; ${hint}.`] };
  }
  if (error.status === 401 || error.status === 403) {
    return { code: USAGE, sentences: [keyTrouble(error, name, keyFrom)] };
  }
  const faults = faultLines(error.faults);
  const code = error.status >= 500 || error.retryAfterMs !== undefined ? INFRASTRUCTURE : USAGE;
  return { code, sentences: [`${name} says: ${detail}`, ...faults] };
}

function keyTrouble({ code, message }: Refusal, name: string, keyFrom: string | undefined): string {
  const said = `${name} says: ${logLine(message)}`;
  if (keyFrom === undefined) {
    return `${said} For a key, set ${KEY_VARIABLE} or use --key-file FILE.`;
  }
  if (code === "unauthorized") {
    return `${name} does not accept the key in ${keyFrom}: it is unknown, expired or revoked.`;
  }
  return code === "insufficient_scope" ? `${said} The key in ${keyFrom} has less.` : said;
}

/** Each fault once, with where it was found first. */
function faultLines(faults: readonly Fault[]): string[] {
  return Array.from(
    Map.groupBy(faults, ({ message }) => message),
    ([message, [first, ...more]]) => {
      const others = more.length > 0 ? ` and ${more.length} more` : "";
      return `${logLine(message)} (${logLine(first?.path || "/")}${others})`;
    },
  );
}
