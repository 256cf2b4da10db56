/**
 * Remote dispatch: one job to the runner endpoint of its region, as one POST.
 *
 * A hostile or broken endpoint costs its own job and never more: no redirect is followed, the
 * answer is capped, and nothing waits longer than the signal allows.
 */
import type { Regions } from "../domain/region.ts";
import { failure } from "./answer.ts";
import type { Dispatch } from "./dispatch.ts";
import { RegionDispatch, type RegionDispatchOptions } from "./region-dispatch.ts";

export interface RemoteDispatchOptions extends RegionDispatchOptions {
  readonly regions: Regions;
}

export function remoteDispatch({ regions, ...options }: RemoteDispatchOptions): Dispatch {
  const dispatches = new Map(
    Array.from(regions, ([name, region]) => [name, new RegionDispatch(region, options)]),
  );
  return (job, signal) => {
    const dispatch = dispatches.get(job.region ?? "");
    if (dispatch) return dispatch.dispatch(job, signal);
    const error = `Region "${job.region}" is no longer configured.`;
    return Promise.resolve(failure("unknown_region", "orchestrator", error));
  };
}
