/**
 * Conditional requests (RFC 9110, 13): a run's entity tag follows from its status, which differs
 * after every change of one of its jobs.
 */
import { Type } from "@sinclair/typebox";

import type { RunStatus } from "../domain/run.ts";

export const NotModified = Type.Undefined({ description: "As `If-None-Match` says." });

/**
 * Weak: two representations of one status may differ in their bytes. `maker`: what else the
 * representation depends on, such as a version.
 */
export function entityTag(status: RunStatus, maker = ""): string {
  const { completedJobs, failedJobs, queuedJobs, runId, runningJobs, state, updatedAt } = status;
  const jobs = `${queuedJobs}.${runningJobs}.${completedJobs}.${failedJobs}`;
  // Every field that ever changes, and whose they are.
  return `W/"${runId}.${state}.${jobs}.${updatedAt}.${maker}"`;
}

/** Whether the client has what `tag` names already. Tags are compared weakly, as 13.1.2 asks. */
export function isFresh(request: Request, tag: string): boolean {
  const known = request.headers.get("if-none-match");
  if (known === null) return false;
  return known.trim() === "*" || known.split(",").some((one) => opaque(one.trim()) === opaque(tag));
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, "");
}

export function notModified(tag: string): Response {
  return new Response(null, { status: 304, headers: { etag: tag } });
}
