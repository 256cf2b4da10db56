/** The binary: argv in, exit code out. The only place that ends the process. */
import { version } from "../package.json" with { type: "json" };
import { allCommands, COMMANDS } from "./cli/commands.ts";
import { StartError } from "./domain/errors.ts";
import { withoutControls } from "./lib/log.ts";
import { raiseRequestCap } from "./request-cap.ts";
import { HOST_ARGUMENT } from "./runner/host-command.ts";

/** Until then the binary compiles only what runs very often; see jitPolicy in scripts/build.ts. */
const STARTED_MS = 100;

async function main([name, ...argv]: readonly string[]): Promise<number> {
  // Not a command: a runner host, started by this binary for itself.
  if (name === HOST_ARGUMENT) return (await import("./cli/host.ts")).run();
  if (name === "--version" || name === "-v") return print(version);
  if (name === undefined) {
    console.error(await overview());
    return 2;
  }
  if (name === "--help" || name === "-h") return print(await overview());
  if (name === "help" && argv[0] === undefined) return print(await overview());
  const help = name === "help" || argv.includes("--help") || argv.includes("-h");
  if (name === "serve" && !help) raiseRequestCap();
  const asked = name === "help" ? argv[0] : name;
  const load = Object.hasOwn(COMMANDS, asked ?? "") ? COMMANDS[asked ?? ""] : undefined;
  if (!load) {
    throw new StartError([`"${asked}" is not a command; see volley --help.`]);
  }
  const { command } = await load();
  if (help) {
    const { commandHelp } = await import("./cli/command.ts");
    return print(commandHelp(command));
  }
  return command.run(argv);
}

async function overview(): Promise<string> {
  const commands = await allCommands();
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "volley: one request, every region, one summary.",
    "Usage: volley COMMAND [flags]",
    `Commands:\n${lines.join("\n")}`,
    "volley COMMAND --help shows flags and examples; volley --version the version.",
  ].join("\n\n");
}

/** Not through process.stdout: making that stream takes longer than all the rest. */
function print(text: string): number {
  console.log(text);
  return 0;
}

setTimeout(() => Bun.unsafe.setJITPolicy(1), STARTED_MS).unref();
main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof StartError) {
      for (const fault of error.faults) console.error(`volley: ${withoutControls(fault)}`);
      process.exit(2);
    }
    console.error(`volley: unexpected failure\n${Bun.inspect(error)}`);
    process.exit(1);
  },
);
