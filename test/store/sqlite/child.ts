/** A script of this folder as a process of its own, read line by line. */
import { join } from "node:path";

export interface Child {
  /** The next line it prints. Rejects when it ends without one. */
  readonly line: () => Promise<string>;
  /** Kills it with SIGKILL and resolves with all lines that were not read. */
  readonly kill: () => Promise<string[]>;
}

export function child(script: string, args: readonly string[]): Child {
  const running = Bun.spawn([process.execPath, join(import.meta.dir, script), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = linesOf(running.stdout);
  return {
    line: async () => {
      const { done, value } = await lines.next();
      if (done) throw new Error(`${script} ended with ${await running.exited}.`);
      return value;
    },
    kill: async () => {
      running.kill("SIGKILL");
      await running.exited;
      return Array.fromAsync(lines);
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
