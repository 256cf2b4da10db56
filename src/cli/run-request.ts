/**
 * The request of `volley run`: runners x urls x regions from the command line, or a JSON file,
 * whose settings the command line may replace.
 */
import type { RunnerRequest, RunRequest } from "../domain/run.ts";
import type { FlagValues } from "../lib/flags.ts";
import { present } from "../lib/present.ts";
import { readText } from "../lib/text-file.ts";
import { logLine } from "../report/untrusted-text.ts";
import type { runFlags } from "./client-settings.ts";
import { readExpect, readPolicy } from "./expectations.ts";

export type RunValues = FlagValues<typeof runFlags>;

/** A request that the server may still refuse, or every fault of the command line. */
export type Requested = { readonly request: RunRequest } | { readonly faults: readonly string[] };

export function requestFrom(names: readonly string[], values: RunValues): Requested {
  return values.file === undefined
    ? fromFlags(names, values)
    : fromFile(values.file, names, values);
}

function fromFlags(names: readonly string[], values: RunValues): Requested {
  const { local, region: regions, url: urls } = values;
  const { faults, input } = readInput(values.input);
  const settings = readSettings(values, faults);
  if (names.length === 0) {
    faults.push("name the runners to run, as in volley run titleTest --url URL --region NAME");
  }
  if (urls.length === 0) faults.push("--url is missing: the URL under test");
  if (regions.length === 0 && local === undefined) {
    faults.push('--region is missing; "volley regions" lists those of a server');
  }
  if (faults.length > 0) return { faults };
  const places = regions.length > 0 ? regions : [undefined];
  const runners: RunnerRequest[] = urls.flatMap((url) =>
    places.flatMap((region) =>
      names.map((name) => ({ name, ...present({ region }), input: { ...input, url } })),
    ),
  );
  return { request: withSettings({ runners, mode: "remote" }, values, settings) };
}

function fromFile(file: string, names: readonly string[], values: RunValues): Requested {
  const faults = [
    ...names.map((name) => `"${name}" cannot stand beside --file, which names the runners`),
    ...(["url", "region", "input"] as const)
      .filter((flag) => values[flag].length > 0)
      .map((flag) => `--${flag} cannot stand beside --file, which says what to run`),
  ];
  const settings = readSettings(values, faults);
  const shown = file === "-" ? "stdin" : file;
  const read = readText(file === "-" ? 0 : file);
  if ("fault" in read) return { faults: [...faults, `--file ${shown} ${read.fault}`] };
  let request: unknown;
  try {
    request = JSON.parse(read.text);
  } catch (error) {
    const why = (error as SyntaxError).message.replace("JSON Parse error: ", "");
    return { faults: [...faults, `--file ${shown} is not valid JSON: ${logLine(why)}`] };
  }
  if (typeof request !== "object" || request === null || Array.isArray(request)) {
    faults.push(`--file ${shown} must hold a JSON object, the body of POST /api/orchestrator`);
  }
  if (faults.length > 0) return { faults };
  return { request: withSettings(request as RunRequest, values, settings) };
}

/** Settings that take more than one look to be read. */
function readSettings({ expect, ignore, policy }: RunValues, faults: string[]) {
  return present({
    expect: readExpect(expect, faults),
    policy: readPolicy(policy, faults),
    ignore: ignore.length === 0 ? undefined : [...ignore],
  });
}

function withSettings(
  request: RunRequest,
  values: RunValues,
  settings: Partial<RunRequest>,
): RunRequest {
  const { concurrency, jobTimeout, local, retries, runId, strict, tag, timeout } = values;
  return {
    ...request,
    ...(local === undefined ? {} : { mode: "local" as const }),
    ...present({ concurrency, jobTimeout, retries, runId, timeout }),
    ...(strict ? { strict } : {}),
    ...settings,
    ...(tag.length === 0 ? {} : { tags: [...tag] }),
  };
}

/** `key=text` and `key:=json`, the last of equal keys counts. */
function readInput(words: readonly string[]) {
  const faults: string[] = [];
  const input: [string, unknown][] = [];
  for (const word of words) {
    const [, key = "", json, text = ""] = /^([^=]*?)(:)?=([^]*)$/.exec(word) ?? [];
    if (key === "") {
      faults.push(`--input must be KEY=TEXT or KEY:=JSON, not "${word}"`);
    } else if (key === "url") {
      faults.push("--input url=… is what --url is for");
    } else if (json === undefined) {
      input.push([key, text]);
    } else {
      try {
        input.push([key, JSON.parse(text)]);
      } catch {
        faults.push(`--input ${key}:= needs JSON, not "${text}"`);
      }
    }
  }
  return { faults, input: Object.fromEntries(input) };
}
