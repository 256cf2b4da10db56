/** Flags of whatever has runner hosts: the runner server, and the orchestrator in local mode. */
import {
  choice,
  duration,
  type FlagTable,
  type FlagValues,
  integer,
  list,
  text,
} from "../lib/flags.ts";

/** What the name of an environment variable looks like. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const hostFlags = {
  hosts: integer({
    about: "runner hosts, each executing one job at a time",
    fallback: 2,
    min: 1,
    max: 256,
  }),
  runnerTimeout: duration({
    about: "limit of one runner",
    fallback: 30_000,
    shown: "30s",
    min: "1ms",
    max: "24d",
  }),
  chrome: text({
    placeholder: "PATH",
    about: "browser of the runners; without it one is looked for on this machine",
    fallback: undefined,
  }),
  chromeArgs: list({
    placeholder: "ARGS",
    about: 'further arguments of the browser, separated by spaces: --chrome-args="--lang=de"',
    separator: /\s+/,
    word: /^-/,
  }),
  screenshots: choice(
    ["on", "off"],
    "picture and console errors of the page for a runner that did not pass",
  ),
  passEnv: list({
    placeholder: "NAMES",
    about: "environment variables that runner files may see, separated by commas",
    separator: /[\s,]+/,
    word: VARIABLE,
  }),
} satisfies FlagTable;

export type HostConfig = FlagValues<typeof hostFlags>;
