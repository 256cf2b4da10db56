/**
 * Every command, by name. They are imported only when asked for, so that a process that replaces
 * itself, or that only prints help, loads nothing it does not need.
 */
import type { Command } from "./command.ts";

export const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: Command }>>> = {
  serve: () => import("./serve.ts"),
  runner: () => import("./runner.ts"),
  run: () => import("./run.ts"),
  watch: () => import("./watch.ts"),
  cancel: () => import("./cancel.ts"),
  ls: () => import("./ls.ts"),
  report: () => import("./report.ts"),
  regions: () => import("./regions.ts"),
  key: () => import("./key.ts"),
  backup: () => import("./backup.ts"),
  doctor: () => import("./doctor.ts"),
  types: () => import("./types.ts"),
  "mock-runner": () => import("./mock-runner.ts"),
  completion: () => import("./completion.ts"),
};

/** All commands, in the order of the help text. */
export async function allCommands(): Promise<Command[]> {
  const loaded = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return loaded.map(({ command }) => command);
}
