/**
 * volley doctor: is everything a server needs in order? It looks and changes nothing, and works
 * beside a running server.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { doctorConfig } from "../config.ts";
import { Fleet } from "../dispatch/fleet.ts";
import { StartError } from "../domain/errors.ts";
import type { RegionReport } from "../domain/fleet.ts";
import type { Regions } from "../domain/region.ts";
import { systemClock } from "../lib/clock.ts";
import { withoutControls } from "../lib/log.ts";
import { regionFaults } from "../report/regions.ts";
import { Project } from "../runner/project.ts";
import { doctorFlags } from "../settings.ts";
import { type ReplicaHealth, sharedHealth } from "../store/postgres/health.ts";
import { databasePlace } from "../store/postgres/open.ts";
import { databaseHealth } from "../store/sqlite/backup.ts";
import { DATABASE_FILE } from "../store/sqlite/open.ts";
import type { Command } from "./command.ts";

export const command: Command = {
  name: "doctor",
  summary: "check configuration, run store, runner files and endpoints",
  usage: "doctor [flags]",
  about: [
    "Checks the configuration (flags, environment, regions), reads the whole run store, looks at the",
    "runner files and asks each region's endpoint what it offers. Changes nothing.",
    "With --database it shows the replicas, their leases and runs that nobody owns.",
    "Exit code 0: all is well; 1: something is not; 2: the configuration is faulty.",
  ].join("\n"),
  flags: doctorFlags,
  examples: [
    "volley doctor",
    "volley doctor --data /var/lib/volley --regions-file /etc/volley/regions.json",
    "volley doctor --data /var/lib/volley --runners ./checks",
  ],
  run,
};

interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  readonly text: string;
}

async function run(argv: readonly string[]): Promise<number> {
  const { data, database, http1, regions, regionsFile, runners, warnings } = doctorConfig(argv);
  const findings = [
    { subject: "configuration", ok: true, text: regionCount(regions, regionsFile) },
    ...warnings.map((text) => ({ subject: "configuration", ok: true, text })),
    ...(database === undefined ? [checkStore(data)] : await checkDatabase(database)),
    ...(runners === undefined ? [] : await checkRunners(runners)),
    ...(await checkRegions(regions, http1)),
  ];
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  for (const { ok, subject, text } of findings) {
    const line = `${ok ? "ok  " : "FAIL"}  ${subject.padEnd(width)}  ${text}`;
    process.stdout.write(`${withoutControls(line)}\n`);
  }
  return findings.every(({ ok }) => ok) ? 0 : 1;
}

function regionCount({ size }: Regions, file: string | undefined): string {
  const count = `${size} ${size === 1 ? "region" : "regions"}`;
  return file === undefined ? count : `${count} in ${file}`;
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

/** Replicas and leases: a replica past its lease is no fault if others have taken over. */
async function checkDatabase(url: string): Promise<Finding[]> {
  const subject = "run store";
  const place = databasePlace(url);
  try {
    const health = await sharedHealth(url);
    if (!health) return [{ subject, ok: true, text: `${place} has no tables of volley's yet` }];
    const { replicas, runs, unfinished, unowned, version } = health;
    const alive = replicas.filter(({ leaseLeftMs }) => leaseLeftMs > 0);
    const text = `${place} (PostgreSQL ${version}): ${runs} runs, ${unfinished} unfinished, ${unowned} of them without an owner`;
    return [
      { subject, ok: unfinished === 0 || alive.length > 0, text },
      ...replicas.map((replica) => replicaFinding(replica, alive.length > 0)),
    ];
  } catch (error) {
    return [{ subject, ok: false, text: reason(error) }];
  }
}

function replicaFinding(replica: ReplicaHealth, othersAlive: boolean): Finding {
  const { leaseLeftMs, name, renewedMsAgo, runs } = replica;
  const subject = `replica ${name}`;
  const owns = `owns ${runs} runs, renewed ${seconds(renewedMsAgo)} ago`;
  if (leaseLeftMs > 0) {
    return { subject, ok: true, text: `${owns}, lease ends in ${seconds(leaseLeftMs)}` };
  }
  const text = `${owns}, lease ended ${seconds(-leaseLeftMs)} ago`;
  return { subject, ok: othersAlive || runs === 0, text };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
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

async function checkRegions(regions: Regions, http1: boolean): Promise<Finding[]> {
  const fleet = new Fleet({ regions, http1, clock: systemClock, atOnce: Infinity });
  return (await fleet.report()).regions.map(regionFinding);
}

/** Drift is told; only an endpoint that is away, or is another region's, is a fault. */
function regionFinding(report: RegionReport): Finding {
  const subject = `region ${report.name}`;
  const faults = regionFaults(report).join(" ");
  const elsewhere = report.drift.some(({ code }) => code === "region_mismatch");
  if (report.health !== "healthy" || elsewhere) return { subject, ok: false, text: faults };
  const { latencyMs, runners } = report;
  const offer = runners
    ? `runners: ${runners.join(", ") || "none"}`
    : "does not tell which runners it offers";
  const text = `answered in ${latencyMs} ms; ${offer}`;
  return { subject, ok: true, text: faults === "" ? text : `${text}. ${faults}` };
}

function reason(error: unknown): string {
  if (error instanceof StartError) return error.faults.join("; ");
  return error instanceof Error ? error.message : String(error);
}
