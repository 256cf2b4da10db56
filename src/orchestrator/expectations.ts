/**
 * Expectations of a request: what is wrong with them, and what they say of each runner. Pure.
 */
import type { Fault } from "../domain/errors.ts";
import {
  expectedIn,
  type ExpectedStatus,
  REGION_GLOB_PATTERN,
  type RegionExpect,
} from "../domain/expectation.ts";
import type { RunnerRequest, RunRequest } from "../domain/run.ts";
import { matchesGlob } from "../lib/glob.ts";
import { parseJsonPath } from "../lib/json-path.ts";
import { rowKey } from "./comparison/cell-key.ts";

const GLOB = new RegExp(REGION_GLOB_PATTERN);
/** Most globs in one map: each is tried on each region. */
const MAX_GLOBS = 100;

/** Whether the results of the run carry verdicts. */
export function isJudged(request: RunRequest): boolean {
  return request.policy !== undefined || expectsSomething(request);
}

function expectsSomething({ expect, runners }: RunRequest): boolean {
  return expect !== undefined || runners.some((runner) => runner.expect !== undefined);
}

/**
 * What each runner of a request is expected to answer: its own expectations come first, then those
 * the request has under its name, then those for all; where nothing fits, `pass`.
 */
export function expectationsOf({
  expect = {},
}: RunRequest): (runner: RunnerRequest) => ExpectedStatus {
  const { forAll, byName } = split(expect);
  return ({ expect: own = {}, name, region }) =>
    expectedIn(own, region) ??
    expectedIn(byName.get(name) ?? {}, region) ??
    expectedIn(forAll, region) ??
    "pass";
}

/** Every fault of `expect`, of the request and of its runners, of `policy` and of `ignore`. */
export function expectationFaults(request: RunRequest): Fault[] {
  const faults = expectsSomething(request) ? expectFaults(request) : [];
  return [...faults, ...policyFaults(request), ...ignoreFaults(request.ignore ?? [], "/ignore/")];
}

function expectFaults(request: RunRequest): Fault[] {
  const { expect = {}, runners } = request;
  const { byName, forAll } = split(expect);
  const all = new Set(runners.map(({ region = "" }) => region));
  const faults = globFaults(forAll, "/expect", all).map((fault) => hinted(fault, request));
  for (const [name, globs] of byName) {
    const path = `/expect/${escaped(name)}`;
    const asked = runners.filter((runner) => runner.name === name);
    if (asked.length === 0) {
      faults.push({ path, message: `No runner "${name}" is requested.` });
      continue;
    }
    faults.push(...globFaults(globs, path, new Set(asked.map(({ region = "" }) => region))));
  }
  for (const [index, { expect: own }] of runners.entries()) {
    if (own) faults.push(...globFaults(own, `/runners/${index}/expect`, all));
  }
  return faults;
}

/** Every fault of JSON paths to ignore; `path`: what stands before their index. */
export function ignoreFaults(ignore: readonly string[], path: string): Fault[] {
  return ignore.flatMap((text, index) => {
    const parsed = parseJsonPath(text);
    const at = `${path}${index}`;
    if ("fault" in parsed) return { path: at, message: `"${text}": ${parsed.fault}` };
    if (parsed.path[0] === "details") return [];
    return { path: at, message: `"${text}" does not begin with "details".` };
  });
}

/** A policy that some row cannot meet, whatever its regions answer; the first such row is named. */
function policyFaults({ policy, runners }: RunRequest): Fault[] {
  if (typeof policy !== "object") return [];
  const rows = Map.groupBy(runners, (runner) => `${runner.input?.url ?? ""} ${rowKey(runner)}`);
  for (const row of rows.values()) {
    const regions = new Set(row.map(({ region }) => region)).size;
    if (regions >= policy.atLeast) continue;
    const asked = `runner "${row[0]?.name}" with one url and input is requested in only ${regions}`;
    const message = `Asks for ${policy.atLeast} regions, but ${asked}.`;
    return [{ path: "/policy/atLeast", message }];
  }
  return [];
}

function globFaults(globs: RegionExpect, path: string, regions: ReadonlySet<string>): Fault[] {
  const written = Object.keys(globs);
  if (written.length > MAX_GLOBS) {
    return [{ path, message: `Has ${written.length} globs; at most ${MAX_GLOBS} are allowed.` }];
  }
  return written.flatMap((glob) => {
    const message = globFault(glob, written, regions);
    return message === undefined ? [] : [{ path: `${path}/${escaped(glob)}`, message }];
  });
}

function globFault(
  glob: string,
  written: readonly string[],
  regions: ReadonlySet<string>,
): string | undefined {
  if (!GLOB.test(glob)) return `"${glob}" is no glob over region names.`;
  // JSON.parse puts keys that look like an index before all others.
  if (
    /^(0|[1-9]\d{0,9})$/.test(glob) &&
    written.some((one) => one !== glob && matchesGlob(one, glob))
  ) {
    return `"${glob}" loses its place among the other globs in JSON; expect it of its runners.`;
  }
  if ([...regions].some((region) => matchesGlob(glob, region))) return undefined;
  const listed = [...regions].filter(Boolean).join(", ") || "none";
  return `"${glob}" matches no requested region. Requested: ${listed}.`;
}

/** Says how to name a runner, where somebody took its name for a glob. */
function hinted(fault: Fault, { expect = {}, runners }: RunRequest): Fault {
  const name = fault.path.slice("/expect/".length);
  if (!runners.some((runner) => runner.name === name)) return fault;
  const wanted = JSON.stringify({ [name]: { "*": expect[name] } });
  return { ...fault, message: `"${name}" is a runner and no region; send ${wanted}.` };
}

function split(expect: NonNullable<RunRequest["expect"]>) {
  const forAll: RegionExpect = {};
  const byName = new Map<string, RegionExpect>();
  for (const [key, value] of Object.entries(expect)) {
    if (typeof value === "string") forAll[key] = value;
    else byName.set(key, value);
  }
  return { forAll, byName };
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
