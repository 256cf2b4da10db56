/**
 * The options of a handler that are no flags: what cannot be meant is refused by name, so that a
 * misspelt `requireKey` does not leave the door open.
 */
import { type AccessSettings, settingsFaults } from "./access/create-access.ts";

/** Empty, or segments of plain characters without a slash at the end. */
const BASE_PATH = /^(\/[A-Za-z0-9._~-]+)*$/;

const ACCESS_NAMES: Readonly<Record<keyof AccessSettings, true>> = {
  adminKey: true,
  allowedHosts: true,
  clientAddress: true,
  corsOrigins: true,
  maxSignInFailures: true,
  publicUrl: true,
  requireKey: true,
  submitsPerMinute: true,
  tls: true,
};

/** A sentence each; empty if all can be meant. */
export function handlerFaults(basePath: string, access: AccessSettings | undefined): string[] {
  const faults = BASE_PATH.test(basePath)
    ? []
    : [`basePath must be a path such as "/api/orchestrator", not "${basePath}"`];
  return access === undefined ? faults : [...faults, ...accessFaults(access)];
}

function accessFaults(access: AccessSettings): string[] {
  if (typeof access !== "object") return ["access must be an object"];
  const faults = Object.keys(access)
    .filter((name) => !Object.hasOwn(ACCESS_NAMES, name))
    .map((name) => `access.${name} is not an option`);
  const { requireKey = false } = access;
  if (typeof requireKey !== "boolean") faults.push("access.requireKey must be true or false");
  return [...faults, ...settingsFaults(access)];
}
