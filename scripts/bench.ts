/**
 * bun run bench: volley against baselines, interleaved in one run, everything on loopback. Prints
 * a table of ratios; --json FILE also writes them, --quick takes one round of small runs, and
 * names of cases choose among them.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";

import { CASES } from "./bench/cases.ts";
import { type Row, table } from "./bench/statistics.ts";
import { build } from "./build.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "string" }, quick: { type: "boolean", default: false } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(CASES, name));
if (unknown.length > 0) {
  console.error(
    `No such case: ${unknown.join(", ")}. There are: ${Object.keys(CASES).join(", ")}.`,
  );
  process.exitCode = 2;
} else {
  await bench();
}

async function bench(): Promise<void> {
  const binary = await build();
  const size = values.quick ? { rounds: 1, jobs: 1_000 } : { rounds: 5, jobs: 10_000 };
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(CASES)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(`${name} …`);
    rows.push(...(await measure({ binary, ...size })));
  }
  const machine = `${cpus().length} cores, ${cpus()[0]?.model ?? "unknown"}, Bun ${Bun.version}`;
  console.log(`\n${table(rows)}\n\n${machine}; medians of ${size.rounds} interleaved rounds.`);
  if (values.json !== undefined) {
    await Bun.write(values.json, `${JSON.stringify({ machine, ...size, rows }, null, 2)}\n`);
  }
}
