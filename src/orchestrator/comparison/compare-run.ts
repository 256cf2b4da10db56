/**
 * A run's comparison, read from the store url by url: rows as they are asked for, then what they
 * came to.
 */
import type { ComparedRow, ComparisonSource } from "../../domain/comparison.ts";
import { runNotFound } from "../../domain/errors.ts";
import { type JsonPath, parseJsonPath } from "../../lib/json-path.ts";
import { present } from "../../lib/present.ts";
import { nextTurn } from "../../lib/turn.ts";
import type { RunStore } from "../../store/store.ts";
import { curlOf, type EndpointCall, rerunOf } from "./calls.ts";
import { cellKey } from "./cell-key.ts";
import { changeOf } from "./change.ts";
import { Compare, type CompareOptions } from "./compare.ts";
import { earlierAnswers } from "./earlier.ts";
import { jobsByUrl } from "./jobs-by-url.ts";

/** Others have their turn after so many cells: a url may be asked with thousands of inputs. */
const CELLS_PER_TURN = 256;

export type ComparisonStore = Pick<
  RunStore,
  "findRun" | "findSettings" | "findAnswers" | "findPast"
>;

export interface CompareRunOptions {
  /** JSON paths to leave out beside those of the run; they are known to be well-formed. */
  readonly ignore?: readonly string[];
  /** How the endpoint of a region is called; undefined if there is none. */
  readonly endpointOf: (region: string) => EndpointCall | undefined;
  /** The server that commands name, as `--server` takes it. Default: they name none. */
  readonly server?: string;
}

/** Rejects with AppError `run_not_found`. */
export async function compareRun(
  store: ComparisonStore,
  runId: string,
  { endpointOf, ignore: more = [], server }: CompareRunOptions,
): Promise<ComparisonSource> {
  const head = await store.findRun(runId);
  const settings = await store.findSettings(runId);
  if (!head || !settings) throw runNotFound(runId);
  const { policy } = settings;
  const ignore = [...new Set([...(settings.ignore ?? []), ...more])];
  let earlier: Awaited<ReturnType<typeof earlierAnswers>> = new Map();
  const callOf: CompareOptions["callOf"] = (cell) => {
    const call = { runId, ...cell };
    const endpoint =
      head.mode === "remote" && cell.region !== undefined ? endpointOf(cell.region) : undefined;
    return {
      ...present({ curl: endpoint && curlOf(call, endpoint) }),
      rerun: rerunOf(call, server),
    };
  };
  const compare = new Compare({
    policy: policy ?? "all",
    ignore: ignore.flatMap(pathIn),
    callOf,
    changeOf: ({ cell, result, runner }) => {
      const key = cellKey(runner, cell.region);
      const cancelled = result?.errorSource === "cancelled";
      return changeOf(cancelled ? undefined : cell.status, earlier.get(key) ?? [], cell.expected);
    },
  });
  async function* rows(): AsyncGenerator<ComparedRow> {
    for await (const jobs of jobsByUrl(store, runId)) {
      earlier = await earlierAnswers(store, runId, jobs);
      let cells = 0;
      for (const row of compare.rows(jobs)) {
        yield row;
        cells += row.cells.length;
        if (cells < CELLS_PER_TURN) continue;
        cells = 0;
        await nextTurn();
      }
    }
  }
  const { mode, state, summary } = head;
  return {
    head: { runId, mode, state, ...present({ policy }), ignore, summary },
    rows: rows(),
    totals: () => compare.totals(),
  };
}

function pathIn(text: string): JsonPath[] {
  const parsed = parseJsonPath(text);
  return "path" in parsed ? [parsed.path] : [];
}
