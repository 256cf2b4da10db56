/** volley completion: a script that teaches a shell the commands and their flags. */
import { commandLine } from "../config.ts";
import { StartError } from "../domain/errors.ts";
import type { FlagTable } from "../lib/flags.ts";
import type { Command } from "./command.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "./completion-scripts.ts";
import { Output } from "./terminal/output.ts";

const FLAGS = {} satisfies FlagTable;

const SCRIPTS = new Map([
  ["bash", bashCompletion],
  ["zsh", zshCompletion],
  ["fish", fishCompletion],
]);

export const command: Command = {
  name: "completion",
  summary: "print a completion script for bash, zsh or fish",
  usage: "completion bash|zsh|fish",
  about: [
    "Prints a script that completes commands, flags and their values. In bash, put",
    '  eval "$(volley completion bash)"',
    "into ~/.bashrc; in zsh, write the script to a file _volley in a folder of $fpath; in fish, to",
    "~/.config/fish/completions/volley.fish.",
  ].join("\n"),
  flags: FLAGS,
  examples: [
    'eval "$(volley completion bash)"',
    'volley completion zsh > "${fpath[1]}/_volley"',
    "volley completion fish > ~/.config/fish/completions/volley.fish",
  ],
  run,
};

async function run(argv: readonly string[]): Promise<number> {
  const { faults, positionals } = commandLine(FLAGS, argv);
  const [shell = "", ...rest] = positionals;
  const script = SCRIPTS.get(shell);
  const unknown = script ? [] : [`name a shell: bash, zsh or fish, not "${shell}"`];
  const all = [...faults, ...unknown, ...rest.map((word) => `unexpected argument "${word}"`)];
  if (!script || all.length > 0) throw new StartError(all);
  // Here, because this command is one of them.
  const { allCommands } = await import("./commands.ts");
  await new Output(process.stdout).finish(script(await allCommands()));
  return 0;
}
