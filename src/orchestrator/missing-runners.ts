/**
 * Missing runners: whether the regions of a request offer what it asks of them, as far as their
 * endpoints told. A warning to whoever submits, or a refusal if that was asked for.
 */
import { AppError, type Fault } from "../domain/errors.ts";
import type { RunRequest } from "../domain/run.ts";
import { MAX_WARNINGS, type RunWarning } from "../domain/warning.ts";

type Offers = ReadonlyMap<string, ReadonlySet<string>>;

/** What the endpoints of regions offer; regions that do not tell are left out. */
export interface FleetView {
  /** From what is known, at once. */
  offered(regions: ReadonlySet<string>): Offers;
  /** After asking them; takes little more than the 2 s that an endpoint has. */
  offeredNow(regions: ReadonlySet<string>): Promise<Offers>;
}

/**
 * The warnings for a run. Rejects with AppError `missing_runners`, which lists every runner, if the
 * request is strict and there are any.
 */
export async function fleetWarnings(request: RunRequest, fleet: FleetView): Promise<RunWarning[]> {
  if (request.mode === "local") return [];
  const regions = new Set<string>();
  for (const { region } of request.runners) if (region !== undefined) regions.add(region);
  if (!request.strict) return warnings(request, fleet.offered(regions));
  const offered = await fleet.offeredNow(regions);
  const faults = missingFaults(request, offered);
  if (faults.length === 0) return [];
  const message = "A region does not offer a runner that is asked of it.";
  throw new AppError("missing_runners", message, { faults });
}

function missingFaults({ runners }: RunRequest, offered: Offers): Fault[] {
  return runners.flatMap(({ name, region = "" }, index) =>
    offered.get(region)?.has(name) === false
      ? [{ path: `/runners/${index}/name`, message: sentence(region, name) }]
      : [],
  );
}

/** One per region and runner, however often it is requested. */
function warnings({ runners }: RunRequest, offered: Offers): RunWarning[] {
  const found = new Map<string, RunWarning>();
  for (const { name, region = "" } of runners) {
    if (offered.get(region)?.has(name) !== false) continue;
    const message = sentence(region, name);
    found.set(message, { code: "missing_runner", message, region, runner: name });
    if (found.size === MAX_WARNINGS) break;
  }
  return [...found.values()];
}

function sentence(region: string, runner: string): string {
  return `Region "${region}" offers no runner "${runner}".`;
}
