/** The command line as a program sees it: the binary with pipes, and a server it talks to. */
import { runToEnd } from "../support/process.ts";

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `volley ARGS` against this server, or against none. */
export function volley(
  server: { readonly origin: string } | undefined,
  args: readonly string[],
  more: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Said> {
  const env = { ...(server ? { VOLLEY_SERVER: server.origin } : {}), ...more.env };
  return runToEnd({ args, env, ...(more.cwd === undefined ? {} : { cwd: more.cwd }) });
}

export const URL_FLAGS = ["--url", "https://a.example/"] as const;
