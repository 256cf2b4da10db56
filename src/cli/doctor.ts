/**
 * volley doctor: is everything a server needs in order? It looks and changes nothing, and works
 * beside a running server.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { doctorConfig } from "../config.ts";
import { askEndpoint } from "../dispatch/endpoint-info.ts";
import { StartError } from "../domain/errors.ts";
import type { Region } from "../domain/region.ts";
import { systemClock } from "../lib/clock.ts";
import { withoutControls } from "../lib/log.ts";
import { Project } from "../runner/project.ts";
import { doctorFlags } from "../settings.ts";
import { databaseHealth } from "../store/sqlite/backup.ts";
import { DATABASE_FILE } from "../store/sqlite/open.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  name: "doctor",
  summary: "check configuration, run store, runner files and endpoints",
  usage: "doctor [flags]",
  about: [
    "Checks the configuration (flags, environment, PLAYWRIGHT_RUNNERS), reads the whole run store,",
    "looks at the runner files and asks each region's endpoint what it offers. Changes nothing.",
    "Exit code 0: all is well; 1: something is not; 2: the configuration is faulty.",
  ].join("\n"),
  flags: doctorFlags,
  examples: ["volley doctor", "volley doctor --data /var/lib/volley --runners ./checks"],
  run,
};

interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  readonly text: string;
}

async function run(argv: readonly string[]): Promise<number> {
  const { data, regions, runners } = doctorConfig(argv);
  const findings = [
    { subject: "configuration", ok: true, text: `${regions.size} regions` },
    checkStore(data),
    ...(runners === undefined ? [] : await checkRunners(runners)),
    ...(await Promise.all([...regions.values()].map(checkRegion))),
  ];
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  for (const { ok, subject, text } of findings) {
    const line = `${ok ? "ok  " : "FAIL"}  ${subject.padEnd(width)}  ${text}`;
    process.stdout.write(`${withoutControls(line)}\n`);
  }
  return findings.every(({ ok }) => ok) ? 0 : 1;
}

function checkStore(folder: string): Finding {
  const subject = "run store";
  const path = join(folder, DATABASE_FILE);
  if (!existsSync(path)) return { subject, ok: true, text: `${path} is not there yet` };
  try {
    const { bytes, logBytes, runs, unfinished } = databaseHealth(path);
    const text = `${path} is sound: ${runs} runs, ${unfinished} unfinished, ${bytes} bytes + ${logBytes} bytes of log`;
    return { subject, ok: true, text };
  } catch (error) {
    return { subject, ok: false, text: reason(error) };
  }
}

async function checkRunners(dir: string): Promise<Finding[]> {
  const subject = "runner files";
  try {
    const { faults, runners } = await Project.open(dir).catalog();
    const names = [...runners.keys()].join(", ") || "none";
    return [
      { subject, ok: runners.size > 0, text: `runners: ${names}` },
      ...faults.map(({ file, message }) => ({ subject, ok: false, text: `${file}: ${message}` })),
    ];
  } catch (error) {
    return [{ subject, ok: false, text: reason(error) }];
  }
}

async function checkRegion(region: Region): Promise<Finding> {
  const subject = `region ${region.name}`;
  const info = await askEndpoint(region, systemClock.monotonic);
  if (!info.healthy) return { subject, ok: false, text: info.error };
  if (info.region !== undefined && info.region !== region.name) {
    return { subject, ok: false, text: `The endpoint says it is in region "${info.region}".` };
  }
  const names = info.runners.join(", ") || "none";
  return { subject, ok: true, text: `answered in ${info.latencyMs} ms; runners: ${names}` };
}

function reason(error: unknown): string {
  if (error instanceof StartError) return error.faults.join("; ");
  return error instanceof Error ? error.message : String(error);
}
