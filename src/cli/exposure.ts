/** Whom a server's flags let in, and what must be said before they let in everybody. */
import { keyId } from "../domain/key.ts";
import type { FlagValues } from "../lib/flags.ts";
import { isLoopback } from "../lib/loopback.ts";
import { readText } from "../lib/text-file.ts";
import type { runnerFlags, serveFlags } from "../settings.ts";

/** The flag that lets other machines reach the server, directly or through a proxy, if any does. */
export function exposedBy(host: string, publicUrl: string | undefined): string | undefined {
  if (!isLoopback(host)) return `--host ${host}`;
  return publicUrl === undefined ? undefined : `--public-url ${publicUrl}`;
}

export function localModeFaults(values: FlagValues<typeof serveFlags>): string[] {
  const { allowLocalMode, host, publicUrl, runners } = values;
  const exposing = exposedBy(host, publicUrl);
  if (runners === undefined || allowLocalMode || exposing === undefined) return [];
  return [
    `--runners with ${exposing} lets whoever has a key execute code here; --allow-local-mode says that this is meant`,
  ];
}

export function anonymityFaults(values: FlagValues<typeof runnerFlags>): string[] {
  const { allowAnonymous, host, tokenEnv, tokenFile } = values;
  if ((tokenEnv ?? tokenFile) !== undefined || allowAnonymous || isLoopback(host)) return [];
  const signing = (values.signingSecretEnv ?? values.signingSecretFile) !== undefined;
  return [
    `--host ${host} without --token-env lets anybody ${anonymous(signing)}; --allow-anonymous says that this is meant`,
  ];
}

/** What anybody may do at a runner server without a token; `signing`: executions are signed. */
export function anonymous(signing: boolean): string {
  return signing ? "read which runners there are" : "execute runner files";
}

/** The key that a file holds. */
export function readAdminKey(file: string | undefined): {
  readonly adminKey?: string;
  readonly faults: readonly string[];
} {
  if (file === undefined) return { faults: [] };
  const read = readText(file);
  if ("fault" in read) return { faults: [`--admin-key-file: "${file}" ${read.fault}`] };
  const adminKey = read.text.trim();
  if (keyId(adminKey) !== undefined) return { adminKey, faults: [] };
  return { faults: [`--admin-key-file: "${file}" holds no key as volley key generate prints it`] };
}
