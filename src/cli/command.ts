/** A command of the binary: what its help says, and what it does. */
import { flagHelp } from "../config.ts";
import type { FlagTable } from "../lib/flags.ts";

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands after `volley`, such as `runner [DIR] --region NAME`. */
  readonly usage: string;
  /** Paragraphs of explanation, already wrapped. */
  readonly about: string;
  readonly flags: FlagTable;
  /** Command lines that work as pasted. */
  readonly examples: readonly string[];
  /** Resolves with the exit code. Throws StartError for whatever stops a start. */
  readonly run: (argv: readonly string[]) => Promise<number>;
}

export function commandHelp(command: Command): string {
  return [
    `Usage: volley ${command.usage}`,
    command.about,
    ...(Object.keys(command.flags).length > 0 ? [flagHelp(command.flags)] : []),
    `Examples:\n${command.examples.map((line) => `  ${line}`).join("\n")}`,
  ].join("\n\n");
}
