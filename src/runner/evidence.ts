/**
 * What a browser runner's page looked like when it failed, attached to the details of its result.
 * Pure. It never replaces what the runner itself said.
 */
import { cleanText } from "../lib/json.ts";
import { present } from "../lib/present.ts";

export interface Evidence {
  /** The viewport as a `data:` URL. */
  readonly screenshot?: string;
  /** The last errors of the page's console, oldest first. */
  readonly consoleErrors?: readonly string[];
}

/** Longest screenshot, in characters of its URL. */
export const MAX_SCREENSHOT = 200 * 1024;
/** Console errors kept, and the length of one. */
export const MAX_CONSOLE_ERRORS = 20;
export const MAX_CONSOLE_ERROR = 500;

/**
 * Room for the screenshots of one job: an orchestrator reads no more than 1 MiB of an answer by
 * default, and a picture too many must not cost the verdicts.
 */
export const SCREENSHOT_ROOM = 512 * 1024;

const SCREENSHOT = /^data:image\/(?:jpeg|png);base64,[A-Za-z0-9+/=]*$/;

/** Evidence as a host sent it: whatever has another shape is dropped. */
export function acceptedEvidence(value: unknown): Evidence | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { consoleErrors, screenshot } = value as Record<string, unknown>;
  const errors = Array.isArray(consoleErrors)
    ? consoleErrors
        .filter((line): line is string => typeof line === "string")
        .slice(-MAX_CONSOLE_ERRORS)
        .map((line) => cleanText(line.slice(0, MAX_CONSOLE_ERROR)))
    : [];
  const picture =
    typeof screenshot === "string" &&
    screenshot.length <= MAX_SCREENSHOT &&
    SCREENSHOT.test(screenshot)
      ? screenshot
      : undefined;
  if (errors.length === 0 && picture === undefined) return undefined;
  return present({
    screenshot: picture,
    consoleErrors: errors.length > 0 ? errors : undefined,
  }) as Evidence;
}

/** Details with the evidence beside them; details that are no object are left as they are. */
export function withEvidence(details: unknown, evidence: Evidence | undefined): unknown {
  if (!evidence) return details;
  if (details === undefined || details === null) return { ...evidence };
  if (typeof details !== "object" || Array.isArray(details)) return details;
  return { ...evidence, ...details };
}
