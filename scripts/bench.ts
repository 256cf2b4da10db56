/**
 * bun run bench: volley against baselines, interleaved, everything on loopback. Prints a table of
 * ratios. Names of cases choose among them; see `--help`.
 *
 * Exit code 1 if a count was wrong or a case failed; a target that is not reached is a result.
 */
import { cpus } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { CannotRun, type CaseOptions } from "./bench/case.ts";
import { CASES } from "./bench/cases.ts";
import type { Row } from "./bench/comparison.ts";
import { table } from "./bench/table.ts";
import { build } from "./build.ts";

const USAGE = `Usage: bun run bench [CASE …] [--quick] [--json FILE] [--binary FILE]

  CASE           one of ${Object.keys(CASES).join(", ")}; default: all
  --quick        one small round of each: that everything works, not how fast
  --json FILE    write every round's figures, too
  --binary FILE  measure this volley instead of building one
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    binary: { type: "string" },
    help: { type: "boolean", default: false },
    json: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const unknown = positionals.filter((name) => !Object.hasOwn(CASES, name));
if (unknown.length > 0) console.error(`No such case: ${unknown.join(", ")}.\n\n${USAGE}`);
else if (values.help) console.log(USAGE);
else await bench();
if (unknown.length > 0) process.exitCode = 2;

/** What became of a case. */
type Outcome =
  | { readonly name: string; readonly rows: readonly Row[] }
  | { readonly name: string; readonly cannotRun: string }
  | { readonly name: string; readonly failed: string };

async function bench(): Promise<void> {
  const began = performance.now();
  const options: CaseOptions = {
    binary: values.binary === undefined ? await build() : resolve(values.binary),
    quick: values.quick,
    rounds: values.quick ? 1 : 5,
    jobs: values.quick ? 500 : 10_000,
  };
  const names = positionals.length > 0 ? positionals : Object.keys(CASES);
  const outcomes: Outcome[] = [];
  for (const name of names) outcomes.push(await measure(name, options));
  const seconds = Math.round((performance.now() - began) / 1_000);
  report(outcomes, options, seconds);
  if (values.json !== undefined) await writeJson(values.json, outcomes, options, seconds);
  if (outcomes.some((outcome) => "failed" in outcome)) process.exitCode = 1;
}

async function measure(name: string, options: CaseOptions): Promise<Outcome> {
  console.error(`${name} …`);
  try {
    return { name, rows: (await CASES[name]?.(options)) ?? [] };
  } catch (error) {
    if (error instanceof CannotRun) return { name, cannotRun: error.message };
    console.error(error);
    return { name, failed: error instanceof Error ? error.message : String(error) };
  }
}

function report(outcomes: readonly Outcome[], { rounds }: CaseOptions, seconds: number): void {
  const rows = outcomes.flatMap((outcome) => ("rows" in outcome ? outcome.rows : []));
  console.log(`\n${table(rows)}\n`);
  for (const outcome of outcomes) {
    if ("cannotRun" in outcome) console.log(`${outcome.name} cannot run: ${outcome.cannotRun}`);
    if ("failed" in outcome) console.log(`${outcome.name} FAILED: ${outcome.failed}`);
  }
  const { bun, cores, cpu } = machine();
  console.log(`${cores} cores, ${cpu}, Bun ${bun}; medians of ${rounds} rounds, ${seconds} s.`);
}

function machine() {
  const all = cpus();
  return { cores: all.length, cpu: all[0]?.model ?? "unknown", bun: Bun.version };
}

async function writeJson(
  file: string,
  outcomes: readonly Outcome[],
  { jobs, quick, rounds }: CaseOptions,
  seconds: number,
): Promise<void> {
  const content = { machine: machine(), quick, rounds, jobs, seconds, cases: outcomes };
  await Bun.write(file, `${JSON.stringify(content, null, 2)}\n`);
}
