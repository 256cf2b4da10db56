/** Addresses that only this machine can reach. */
import { isIpv4 } from "./ip-version.ts";

/** Whether only this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIpv4(host) && host.startsWith("127."));
}
