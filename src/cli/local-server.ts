/**
 * The server inside `volley run --local`: the orchestrator with the runner files of a folder, a
 * store that lives as long as the command, and no socket.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createOrchestratorHandler } from "../handler.ts";
import type { FlagValues } from "../lib/flags.ts";
import type { Log } from "../lib/log.ts";
import { logLine } from "../report/untrusted-text.ts";
import { hostFlags } from "../runner/host-flags.ts";
import { type Connection, inProcess } from "./connection.ts";

/** More than any number of runner hosts, and within the request cap of any process. */
const MAX_IN_FLIGHT = 200;

const HOST_KEYS = Object.keys(hostFlags) as (keyof typeof hostFlags)[];

export interface LocalServer extends AsyncDisposable {
  readonly connection: Connection;
  /** Removes what would be left behind, at once. */
  readonly abandon: () => void;
}

/** `complain`: told of runner files that cannot be used. Throws StartError as a server does. */
export function openLocalServer(
  runners: string,
  hosts: FlagValues<typeof hostFlags>,
  complain: (sentence: string) => void,
): LocalServer {
  const data = mkdtempSync(join(tmpdir(), "volley-local-"));
  const abandon = (): void => rmSync(data, { recursive: true, force: true });
  try {
    const log = complaints(complain);
    const handler = createOrchestratorHandler({
      ...Object.fromEntries(HOST_KEYS.map((key) => [key, hosts[key]])),
      data,
      runners,
      regions: {},
      maxInFlight: MAX_IN_FLIGHT,
      log,
    });
    return {
      connection: inProcess(handler.fetch),
      abandon,
      [Symbol.asyncDispose]: async () => {
        await handler.close();
        abandon();
      },
    };
  } catch (error) {
    abandon();
    throw error;
  }
}

/** A log of which only what is wrong is heard, and of jobs nothing that their results say. */
function complaints(complain: (sentence: string) => void): Log {
  const warn: Log["warn"] = (message, fields) => complain(logLine(sentence(message, fields)));
  const ofJobs: Log = { info: () => {}, warn: () => {}, error: warn, with: () => ofJobs };
  return { info: () => {}, warn, error: warn, with: () => ofJobs };
}

function sentence(message: string, fields: Readonly<Record<string, unknown>> = {}): string {
  return [message, ...Object.values(fields).map(said)].join(": ");
}

function said(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === "string" ? value : JSON.stringify(value);
}
