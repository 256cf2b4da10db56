/**
 * Settings of the commands that talk to a server: their flags, with defaults and what they accept.
 * Tables only; they are read in `config.ts`.
 */
import { DEFAULT_SERVER } from "../domain/server-flag.ts";
import {
  choice,
  duration,
  type FlagTable,
  integer,
  many,
  optional,
  refused,
  text,
  toggle,
  word,
} from "../lib/flags.ts";
import { hostFlags } from "../runner/host-flags.ts";
import { MAX_TIMER } from "../settings.ts";
import { pastTime } from "./past-time.ts";

/** Flags of every command that talks to a server. */
export const serverFlags = {
  server: text({
    placeholder: "URL",
    about: "volley server to talk to",
    fallback: DEFAULT_SERVER,
  }),
  keyFile: text({
    placeholder: "FILE",
    names: "file",
    about: "file with the API key; without it VOLLEY_API_KEY is used, if set",
    fallback: undefined,
  }),
  key: refused(
    "is not taken from the command line, where every process on this machine can read it; use --key-file FILE or VOLLEY_API_KEY",
  ),
  reconnect: duration({
    about: "how long to go on trying while the server is away",
    fallback: 30_000,
    shown: "30s",
    min: "0ms",
    max: "1h",
  }),
} satisfies FlagTable;

/** What a run can be reported as: on the terminal, and by the formats of src/report. */
export const REPORTERS = [
  "list",
  "dot",
  "json",
  "ndjson",
  "junit",
  "ctrf",
  "md",
  "html",
  "github",
  "txt",
] as const;

const reporterFlags = {
  reporter: many(
    word(REPORTERS, {
      short: "r",
      about: `report as ${REPORTERS.join(", ")}; repeatable`,
    }),
  ),
  output: many(
    text({
      short: "o",
      placeholder: "FILE",
      names: "file",
      about: "file for the -r before it, instead of stdout",
      fallback: undefined,
    }),
  ),
} satisfies FlagTable;

const verdictFlags = {
  failOn: choice(
    ["unexpected", "new-failure"],
    "what exit code 1 and above stand for: whatever is not as expected, or only what was not so before",
  ),
} satisfies FlagTable;

const limit = (about: string) =>
  optional(duration({ about, fallback: 0, shown: "", min: "1ms", max: MAX_TIMER }));

export const runFlags = {
  url: many(text({ placeholder: "URL", about: "URL under test; repeatable", fallback: undefined })),
  region: many(
    text({ placeholder: "NAME", about: "region to ask; repeatable", fallback: undefined }),
  ),
  input: many(
    text({
      placeholder: "KEY=TEXT",
      about: "input of the runners, KEY:=JSON for anything but text; repeatable",
      fallback: undefined,
    }),
  ),
  tag: many(text({ about: "label kept with the run; repeatable", fallback: undefined })),
  concurrency: optional(
    integer({ about: "most jobs in flight at once", fallback: 1, min: 1, max: 1_000_000 }),
  ),
  timeout: limit("limit of the whole run"),
  jobTimeout: limit("limit of one attempt of a job"),
  retries: optional(
    integer({
      about: "how often a job is dispatched again after a transport fault",
      fallback: 0,
      min: 0,
      max: 5,
    }),
  ),
  strict: toggle("refuse the run if a region lacks a runner that is asked of it"),
  expect: many(
    text({
      placeholder: "GLOB=STATUS",
      about: "what is right where, as eu-*=pass, us-*=fail or RUNNER:us-*=fail; repeatable",
      fallback: undefined,
    }),
  ),
  policy: text({
    placeholder: "POLICY",
    about: "where a runner has to be right: all (the default), any, majority, or in N regions",
    fallback: undefined,
  }),
  ignore: many(
    text({
      placeholder: "PATH",
      about: "what regions may differ in, as details.timestamp; repeatable",
      fallback: undefined,
    }),
  ),
  runId: text({ placeholder: "ID", about: "id of the run, of your own", fallback: undefined }),
  file: text({
    placeholder: "FILE",
    names: "file",
    about: "take the request from a JSON file, - is stdin",
    fallback: undefined,
  }),
  rerun: text({ placeholder: "RUN", about: "run an ended run again", fallback: undefined }),
  only: choice(["failed", "all"], "with --rerun: what did not pass, or everything"),
  cell: many(
    text({
      placeholder: "CELL",
      about: 'with --rerun: just this "RUNNER REGION URL"; repeatable',
      fallback: undefined,
    }),
  ),
  ...verdictFlags,
  detach: toggle("print the run's id and do not wait for it"),
  list: toggle("print what would run and send nothing"),
  ...reporterFlags,
  ...serverFlags,
  local: text({
    placeholder: "DIR",
    names: "folder",
    about: "execute the runner files of a folder here, without a server",
    fallback: undefined,
  }),
  ...hostFlags,
} satisfies FlagTable;

export const watchFlags = { ...verdictFlags, ...reporterFlags, ...serverFlags } satisfies FlagTable;

export const cancelFlags = serverFlags;

export const lsFlags = {
  state: word(["queued", "running", "completed", "failed", "timed_out", "cancelled"], {
    placeholder: "STATE",
    about: "only runs in this state",
  }),
  tag: text({ about: "only runs with this tag", fallback: undefined }),
  region: text({ placeholder: "NAME", about: "only runs with a job there", fallback: undefined }),
  url: text({ placeholder: "URL", about: "only runs with a job for it", fallback: undefined }),
  since: pastTime("only runs accepted since so long ago, as 24h, or since an ISO 8601 time"),
  limit: integer({ about: "most runs to print", fallback: 20, min: 1, max: 1_000_000 }),
  json: toggle("one JSON object per line"),
  ...serverFlags,
} satisfies FlagTable;

export const regionsFlags = {
  json: toggle("print JSON as the API answers it"),
  ...serverFlags,
} satisfies FlagTable;

export const reportFlags = {
  format: word(REPORTERS, { short: "f", about: `${REPORTERS.join(", ")} (default txt)` }),
  output: text({
    short: "o",
    placeholder: "FILE",
    names: "file",
    about: "file to write instead of stdout",
    fallback: undefined,
  }),
  ...serverFlags,
} satisfies FlagTable;
