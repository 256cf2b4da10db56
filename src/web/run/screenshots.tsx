/** Pictures that stand in the details of results. */
import type { Job } from "../../domain/job.ts";
import type { Result } from "../../domain/result.ts";
import { pictures } from "../../report/details.ts";
import { lookOf } from "../../report/verdict.ts";
import { asked, Link } from "../parts/router.tsx";
import { Empty, ResultMark } from "../parts/shown.tsx";
import type { LiveRun } from "./live-run.ts";
import { NO_REGION } from "./matrix.ts";

export interface Shot {
  readonly job: Job;
  readonly result: Result;
  readonly name: string;
  readonly url: string;
}

/** More would be no overview; a cell shows its own. */
const MOST = 100;

export function shots({ jobs }: LiveRun): Shot[] {
  const found: Shot[] = [];
  for (const job of jobs.values()) {
    for (const result of job.results) {
      for (const picture of pictures(result)) {
        found.push({ job, result, ...picture });
        if (found.length === MOST) return found;
      }
    }
  }
  return found;
}

export function Screenshots({ shots }: { readonly shots: readonly Shot[] }) {
  if (shots.length === 0) {
    return (
      <Empty title="No screenshots">
        <p>A runner attaches one by returning it in its details as a data URL.</p>
      </Empty>
    );
  }
  return (
    <section aria-label="Screenshots" class="shots">
      {shots.map(({ job, name, result, url }) => {
        const region = job.region ?? NO_REGION;
        return (
          <figure key={`${job.jobId} ${result.name} ${name}`}>
            <Link to={asked({ runner: result.name, cell: job.url, region })}>
              <img src={url} alt={`${name} of ${result.name} in ${region}`} loading="lazy" />
            </Link>
            <figcaption>
              <ResultMark mark={lookOf(result)} /> <b>{result.name}</b> {region}
              <bdi class="url">{job.url}</bdi>
            </figcaption>
          </figure>
        );
      })}
    </section>
  );
}
