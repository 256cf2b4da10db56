/**
 * The compiled binary in a pseudo-terminal, and what a person sees there: its output is drawn by a
 * real terminal emulator, which wraps lines when it gets narrower, as most terminals do.
 */
import { Terminal } from "@xterm/headless";

import { binary } from "./binary.ts";
import { eventually } from "./eventually.ts";

export interface OnTerminal extends AsyncDisposable {
  readonly pid: number;
  /** The lines of the screen, without trailing spaces and empty lines at the end. */
  readonly screen: () => Promise<string[]>;
  /** The same of everything, including what has been scrolled away. */
  readonly all: () => Promise<string[]>;
  /** Whether this cell of the screen is drawn in a colour. */
  readonly isColored: (row: number, column: number) => boolean;
  /** The chunks as they were written. */
  readonly chunks: readonly string[];
  readonly type: (text: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  /** Resolves with the exit code, or with 128 + n after a fatal signal. */
  readonly ended: Promise<number>;
  /** The screen once the test holds for it. */
  readonly until: (what: string, test: (screen: string[]) => boolean) => Promise<string[]>;
}

export interface TerminalOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly columns?: number;
  readonly rows?: number;
}

export async function onTerminal(options: TerminalOptions): Promise<OnTerminal> {
  const { args, columns: cols = 100, cwd, env, rows = 30 } = options;
  const emulator = new Terminal({ cols, rows, scrollback: 10_000, allowProposedApi: true });
  const chunks: string[] = [];
  const decoder = new TextDecoder();
  const child = Bun.spawn([await binary(), ...args], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: process.env["HOME"] ?? "",
      TERM: "xterm-256color",
      ...env,
    },
    ...(cwd === undefined ? {} : { cwd }),
    terminal: {
      cols,
      rows,
      data: (_terminal, bytes) => {
        const text = decoder.decode(bytes, { stream: true });
        chunks.push(text);
        emulator.write(text);
      },
    },
  });
  /** Everything written so far has been drawn. */
  const drawn = () => new Promise<void>((resolve) => emulator.write("", resolve));
  const lines = (first: number, count: number): string[] => {
    const { active } = emulator.buffer;
    const texts = Array.from(
      { length: count },
      (_, index) => active.getLine(first + index)?.translateToString(true) ?? "",
    );
    return texts.slice(0, texts.findLastIndex((text) => text !== "") + 1);
  };
  const screen = async (): Promise<string[]> => {
    await drawn();
    return lines(emulator.buffer.active.baseY, emulator.rows);
  };
  return {
    pid: child.pid,
    chunks,
    screen,
    all: async () => {
      await drawn();
      return lines(0, emulator.buffer.active.length);
    },
    isColored: (row, column) => {
      const { active } = emulator.buffer;
      return (
        active
          .getLine(active.baseY + row)
          ?.getCell(column)
          ?.isFgDefault() === false
      );
    },
    type: (text) => void child.terminal?.write(text),
    resize: (columns, newRows) => {
      emulator.resize(columns, newRows);
      child.terminal?.resize(columns, newRows);
    },
    ended: child.exited,
    until: (what, test) =>
      eventually(what, async () => {
        const now = await screen();
        return test(now) && now;
      }),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await child.exited;
      child.terminal?.close();
      emulator.dispose();
    },
  };
}
