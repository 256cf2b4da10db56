/**
 * Admission: whether a well-formed request can be carried out by this server. Pure; reports every
 * fault of one kind at once.
 */
import { AppError, type ErrorCode, type Fault } from "../domain/errors.ts";
import type { RunnerRequest, RunRequest } from "../domain/run.ts";
import { expectationFaults } from "./expectations.ts";

export interface AdmissionLimits {
  /** Names of the configured regions. */
  readonly regions: ReadonlySet<string>;
  /** Names of the runners this server executes itself; absent when it executes none. */
  readonly localRunners?: ReadonlySet<string>;
  readonly maxRunners: number;
  readonly maxRunTimeMs: number;
  /** Why a URL must not be called at a run's end; absent when this server calls nobody. */
  readonly callbackRefusal?: (url: string) => string | undefined;
}

/** Throws AppError if the request breaks a limit (400) or asks for the impossible (422). */
export function admit(request: RunRequest, limits: AdmissionLimits): void {
  refuse("invalid_request", "The request is not valid.", limitFaults(request, limits));
  admitCallback(request, limits);
  const { localRunners } = limits;
  if (request.mode === "local" && !localRunners) {
    throw new AppError(
      "local_mode_unavailable",
      'This server has no runners of its own; send "mode": "remote".',
    );
  }
  const each = (field: string, fault: (runner: RunnerRequest) => string | undefined): Fault[] =>
    runnerFaults(request, field, fault);

  const urlFaults = each("input/url", ({ input }) =>
    input?.url === undefined ? "Is missing." : undefined,
  );
  refuse("missing_url", "Each runner needs the URL under test.", urlFaults);
  if (localRunners && request.mode === "local") {
    const known = listed(localRunners);
    const unknown = each("name", ({ name }) =>
      localRunners.has(name) ? undefined : `There is no runner "${name}".`,
    );
    return refuse("unknown_runner", `A runner is not known here. Known: ${known}.`, unknown);
  }
  const missing = each("region", ({ region }) =>
    region === undefined ? "Is missing." : undefined,
  );
  refuse("missing_region", "Each runner of a remote run needs a region.", missing);
  refuse(
    "unknown_region",
    `A region is not configured. Configured regions: ${listed(limits.regions)}.`,
    each("region", ({ region = "" }) =>
      limits.regions.has(region) ? undefined : `Region "${region}" is not configured.`,
    ),
  );
}

/** The faults of one field of the runners; nothing is made for those that have none. */
function runnerFaults(
  { runners }: RunRequest,
  field: string,
  fault: (runner: RunnerRequest) => string | undefined,
): Fault[] {
  const faults: Fault[] = [];
  for (let index = 0; index < runners.length; index++) {
    const message = fault(runners[index] as RunnerRequest);
    if (message !== undefined) faults.push({ path: `/runners/${index}/${field}`, message });
  }
  return faults;
}

function admitCallback({ callbackUrl }: RunRequest, { callbackRefusal }: AdmissionLimits): void {
  if (callbackUrl === undefined) return;
  if (!callbackRefusal) {
    throw new AppError(
      "callbacks_unavailable",
      "This server has no secret to sign callbacks with; its operator sets --callback-secret-env.",
    );
  }
  const message = callbackRefusal(callbackUrl);
  if (message === undefined) return;
  const faults = [{ path: "/callbackUrl", message }];
  refuse("callback_refused", "This server does not call that URL.", faults);
}

function limitFaults(request: RunRequest, limits: AdmissionLimits): Fault[] {
  const faults: Fault[] = [];
  if (request.runners.length > limits.maxRunners) {
    const message = `Has ${request.runners.length} runners; at most ${limits.maxRunners} are allowed.`;
    faults.push({ path: "/runners", message });
  }
  if (request.timeout !== undefined && request.timeout > limits.maxRunTimeMs) {
    const message = `Is ${request.timeout} ms; at most ${limits.maxRunTimeMs} ms are allowed.`;
    faults.push({ path: "/timeout", message });
  }
  // Runners of one url often stand side by side.
  let valid: string | undefined;
  const urlFaults = runnerFaults(request, "input/url", ({ input }) => {
    const url = input?.url;
    if (url === undefined || url === valid) return undefined;
    if (!URL.canParse(url)) return "Is not a valid URL.";
    valid = url;
    return undefined;
  });
  return [...faults, ...urlFaults, ...expectationFaults(request)];
}

function listed(names: ReadonlySet<string>): string {
  return [...names].join(", ") || "none";
}

function refuse(code: ErrorCode, message: string, faults: readonly Fault[]): void {
  if (faults.length > 0) throw new AppError(code, message, { faults });
}
