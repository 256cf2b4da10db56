/**
 * bun run check: types, format, lint and all tests, against a freshly built binary. Stops at the
 * first step that fails; the last line counts the tests as the test report has them.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const REPORT = join(ROOT, "dist", "test-report.xml");
const BUN = process.execPath;

const STEPS: readonly (readonly string[])[] = [
  [BUN, "check", "--no-script"],
  [BUN, "fmt", "--check"],
  [join("node_modules", ".bin", "oxlint"), "--deny-warnings", "src", "test", "scripts"],
  [BUN, "scripts/build.ts"],
  // A test that hangs fails; one on a machine out of breath has time.
  [
    BUN,
    "test",
    "--timeout=120000",
    "--parallel",
    "--reporter=junit",
    `--reporter-outfile=${REPORT}`,
  ],
];

await mkdir(join(ROOT, "dist"), { recursive: true });
await rm(REPORT, { force: true });
let code = 0;
for (const command of STEPS) {
  console.log(`\n$ ${command.map((part) => (part === BUN ? "bun" : part)).join(" ")}`);
  code = await Bun.spawn([...command], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] })
    .exited;
  if (code !== 0) break;
}
const counts = await testCounts();
// A file that fails to load is no test case: the exit code knows, the counts do not.
if (code === 0 && counts.passed === 0) code = 1;
console.log(`\nTests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = code;

/** Totals of the JUnit report; all zero when there is none. */
async function testCounts(): Promise<{ passed: number; failed: number; skipped: number }> {
  const report = Bun.file(REPORT);
  const root = (await report.exists()) ? /<testsuites[^>]*>/.exec(await report.text())?.[0] : "";
  const count = (name: string): number =>
    Number(new RegExp(`\\b${name}="(\\d+)"`).exec(root ?? "")?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  return { failed, skipped: count("skipped"), passed: count("tests") - failed - count("skipped") };
}
