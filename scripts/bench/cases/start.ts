/** From nothing to the first answer, what an idle server takes, and what the binary is made of. */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { bareBinary, compile, startBare } from "../bare/binaries.ts";
import type { Case } from "../case.ts";
import { compare, interleave, type Row, told } from "../comparison.ts";
import { memory } from "../processes.ts";
import { dataFolder, startVolley } from "../volley.ts";

const MEGABYTE = 1e6;
const IDLE_MS = 300;

interface Start {
  readonly ms: number;
  /** Resident memory when nothing happens, in megabytes. */
  readonly idle: number;
}

/** Start-up and idle memory against a bare Elysia app with swagger, compiled alike. */
export const start: Case = async ({ binary, quick, rounds }) => {
  const bare = await bareBinary("swagger");
  const data = await dataFolder();
  try {
    // Makes the store that the starts after it find.
    await startOnce(binary, { data });
    return startRows(
      await interleave(quick ? 1 : rounds * 2, {
        again: () => startOnce(binary, { data }),
        first: () => startOnce(binary, {}),
        bare: async () => {
          const began = performance.now();
          await using server = await startBare(bare);
          return await firstAnswer(server.pid, server.origin, began);
        },
      }),
    );
  } finally {
    await rm(data, { recursive: true });
  }
};

async function startOnce(binary: string, options: { readonly data?: string }): Promise<Start> {
  const began = performance.now();
  await using server = await startVolley({ binary, ...options });
  return await firstAnswer(server.pid, server.api, began);
}

function startRows(starts: Record<"again" | "first" | "bare", Start[]>): Row[] {
  const time = (name: string, volley: readonly Start[]): Row =>
    compare({
      name,
      compared: "time against a bare Elysia app with swagger",
      unit: "ms",
      better: "less",
      volley: volley.map(({ ms }) => ms),
      baseline: starts.bare.map(({ ms }) => ms),
      target: 1 / 2,
    });
  return [
    time("start to the first answer", starts.again),
    time("first start, which makes the store", starts.first),
    compare({
      name: "idle memory",
      compared: "against the bound",
      unit: "MB",
      better: "less",
      volley: starts.again.map(({ idle }) => idle),
      baseline: 80,
      target: 1,
    }),
  ];
}

async function firstAnswer(pid: number, url: string, began: number): Promise<Start> {
  await (await fetch(url)).text();
  const ms = performance.now() - began;
  await Bun.sleep(IDLE_MS);
  return { ms, idle: (await memory(pid, "now")) / MEGABYTE };
}

/** The binary and its parts. */
export const size: Case = async ({ binary }) => {
  const entry = join(import.meta.dir, "..", "..", "..", "src", "main.ts");
  const parts = await bundleParts(entry);
  const total = Bun.file(binary).size;
  const bun = Bun.file(await bareBinary("empty")).size;
  const withoutMaps = Bun.file(await compile(entry, "volley-without-maps", {})).size;
  const code = [...parts.values()].reduce((sum, bytes) => sum + bytes, 0);
  return [
    part("all of it", total),
    part("Bun", bun),
    part("bytecode", withoutMaps - bun - code),
    part("source maps", total - withoutMaps),
    ...Array.from(parts, ([name, bytes]) => part(name, bytes)),
  ];
};

function part(name: string, bytes: number): Row {
  return told({ name: "size of the binary", compared: name, unit: "MB" }, [bytes / MEGABYTE]);
}

/** Bytes of the bundle by where they come from, the largest first. */
async function bundleParts(entry: string): Promise<Map<string, number>> {
  const { metafile, outputs } = await Bun.build({
    entrypoints: [entry],
    target: "bun",
    format: "esm",
    minify: true,
    splitting: true,
    metafile: true,
  });
  const parts = new Map<string, number>();
  const add = (name: string, bytes: number) => parts.set(name, (parts.get(name) ?? 0) + bytes);
  for (const { inputs } of Object.values(metafile?.outputs ?? {})) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      add(partOf(path), bytesInOutput);
    }
  }
  for (const { kind, size } of outputs) if (kind === "asset") add("swagger-ui-dist", size);
  return new Map([...parts].toSorted(([, a], [, b]) => b - a));
}

function partOf(path: string): string {
  const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  if (name === undefined) return "volley";
  return ["playwright-core", "zod", "@babel/parser", "swagger-ui-dist"].includes(name)
    ? name
    : "Elysia, TypeBox and others";
}
