/** A start that a database refuses. */
import { expect } from "bun:test";

import { temporaryFolder } from "../../support/folder.ts";
import { runToEnd } from "../../support/process.ts";

export const PASSWORD = "correct-horse";

/** The URL of a test's database with a password, which its server does not ask for. */
export function withPassword(url: string): string {
  return url.replace("postgres@", `postgres:${PASSWORD}@`);
}

/** The one sentence that a start on that database says; it never goes on with a file instead. */
export async function refused(url: string): Promise<string> {
  using folder = temporaryFolder();
  const { code, stderr, stdout } = await runToEnd({
    args: ["serve", "--port", "0"],
    env: { VOLLEY_DATABASE: withPassword(url) },
    cwd: folder.path,
  });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).not.toContain(PASSWORD);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect([...new Bun.Glob("**").scanSync({ cwd: folder.path, dot: true })]).toEqual([]);
  return stderr;
}
