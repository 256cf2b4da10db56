/**
 * The name of this server for a command line, as far as a request tells: its own words count only
 * where the Host header was checked.
 */
import { API_PATH } from "../domain/server-flag.ts";
import { isForwarded } from "./access/access.ts";
import type { AccessSettings } from "./access/create-access.ts";

export interface NamedServer {
  readonly basePath: string;
  /** Who may come in; absent: nothing of a request was checked. */
  readonly settings?: Pick<AccessSettings, "publicUrl" | "tls">;
}

/** As `--server` takes it; undefined if nobody can tell, or no command line could reach it. */
export function serverName(
  { basePath, settings }: NamedServer,
  { headers }: Request,
): string | undefined {
  if (!settings || !basePath.endsWith(API_PATH)) return undefined;
  const origin = settings.publicUrl ?? requested(headers, settings.tls === true);
  const url = origin === undefined ? null : URL.parse(origin);
  return url ? url.origin + basePath.slice(0, -API_PATH.length) : undefined;
}

/** A proxy may have changed the name, and have spoken TLS. */
function requested(headers: Headers, tls: boolean): string | undefined {
  const host = headers.get("host");
  if (host === null || isForwarded(headers)) return undefined;
  return `${tls ? "https" : "http"}://${host}`;
}
