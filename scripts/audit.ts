/**
 * bun run audit: known vulnerabilities of what bun.lock names. Exit code 0: none; 1: some, which
 * are listed; 2: the registry did not tell, and nothing is known.
 *
 * `bun audit` itself answers 1 to both of the latter, so it is no part of the check.
 */
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");

export interface Verdict {
  readonly code: 0 | 1 | 2;
  readonly lines: readonly string[];
}

/** An advisory as the registry has it. */
interface Advisory {
  readonly title?: string;
  readonly severity?: string;
  readonly url?: string;
  readonly vulnerable_versions?: string;
}

/** Asks about the lockfile of `folder`. */
export async function audit(folder: string): Promise<Verdict> {
  const child = Bun.spawn([process.execPath, "audit", "--json"], {
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const advisories = parse(stdout);
  if (advisories === undefined) {
    const said = stderr.trim() || `bun audit ended with code ${code}`;
    return { code: 2, lines: ["Nothing is known: the registry did not answer the audit.", said] };
  }
  const lines = Object.entries(advisories).flatMap(([name, found]) =>
    found.map((one) => describe(name, one)),
  );
  if (lines.length === 0 && code === 0) return { code: 0, lines: ["No known vulnerabilities."] };
  if (lines.length > 0) return { code: 1, lines };
  return {
    code: 2,
    lines: [`Nothing is known: bun audit ended with code ${code}.`, stderr.trim()],
  };
}

/** The registry's answer, by package; undefined if it is none. */
function parse(text: string): Record<string, readonly Advisory[]> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return Object.values(value).every(Array.isArray) ? (value as never) : undefined;
  } catch {
    return undefined;
  }
}

function describe(name: string, advisory: Advisory): string {
  const { severity = "unknown", title = "", url = "", vulnerable_versions = "" } = advisory;
  return `${severity}: ${name} ${vulnerable_versions}: ${title} ${url}`.trim();
}

if (import.meta.main) {
  const { code, lines } = await audit(ROOT);
  console.log(lines.join("\n"));
  process.exitCode = code;
}
