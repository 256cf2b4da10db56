/** Completion scripts, made from the tables of commands and flags. Pure. */
import { type Flag, flagName, shownFlags } from "../lib/flags.ts";
import type { Command } from "./command.ts";

type Commands = readonly Command[];

/** The flag as it is typed: `--reporter`, `-r`. */
function spellings(key: string, { short }: Flag<unknown>): string[] {
  return [`--${flagName(key)}`, ...(short === undefined ? [] : [`-${short}`])];
}

export function bashCompletion(commands: Commands): string {
  const names = commands.map(({ name }) => name).join(" ");
  const values = commands.flatMap(({ flags, name }) =>
    shownFlags(flags).flatMap(([key, flag]) => {
      if (flag.placeholder === undefined) return [];
      const patterns = spellings(key, flag).map((spelling) => `${name}:${spelling}`);
      return [`    ${patterns.join("|")}) ${bashValues(flag)}; return ;;`];
    }),
  );
  const flags = commands.map(({ flags, name }) => {
    const all = shownFlags(flags).flatMap(([key, flag]) => spellings(key, flag));
    return `    ${name}) words="${[...all, "--help"].join(" ")}" ;;`;
  });
  return `# bash completion for volley
_volley() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names} help --help --version" -- "$cur"))
    return
  fi
  case "$command:$prev" in
${values.join("\n")}
    completion:completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$cur")); return ;;
    help:help) COMPREPLY=($(compgen -W "${names}" -- "$cur")); return ;;
  esac
  case "$command" in
${flags.join("\n")}
  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
    *) compopt -o default 2> /dev/null ;;
  esac
}
complete -F _volley volley
`;
}

/** What stands for a value; nothing where only a person knows. */
function bashValues({ names, words }: Flag<unknown>): string {
  if (words) return `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$cur"))`;
  if (names === "folder") return "compopt -o dirnames 2> /dev/null";
  if (names === "file") return "compopt -o default 2> /dev/null";
  return ":";
}

export function zshCompletion(commands: Commands): string {
  const described = commands.map(
    ({ name, summary }) => `    ${zshQuoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`,
  );
  const cases = commands.map(({ flags, name }) => {
    const specs = shownFlags(flags).flatMap(([key, flag]) => zshSpecs(key, flag));
    const rest = name === "completion" ? "1:shell:(bash zsh fish)" : "*:argument:_files";
    const all = [...specs, zshQuoted("--help[show flags and examples]"), zshQuoted(rest)];
    return `    ${name})\n      _arguments -s ${all.join(" \\\n        ")} ;;`;
  });
  return `#compdef volley
# zsh completion for volley
_volley() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_volley" ]; then
  _volley "$@"
else
  compdef _volley volley
fi
`;
}

function zshSpecs(key: string, flag: Flag<unknown>): string[] {
  const { about, names, placeholder, repeatable, words } = flag;
  const text = about.replace(/[[\]\\:]/g, "\\$&");
  const files = names === "folder" ? "_files -/" : names === "file" ? "_files" : " ";
  const action = words ? `(${words.join(" ")})` : files;
  const value = placeholder === undefined ? "" : `:${placeholder.replaceAll(":", "\\:")}:${action}`;
  const all = spellings(key, flag);
  return all.map((spelling) => {
    const others = repeatable ? "*" : all.length > 1 ? `(${all.join(" ")})` : "";
    return zshQuoted(`${others}${spelling}[${text}]${value}`);
  });
}

function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function fishCompletion(commands: Commands): string {
  const lines = commands.flatMap((command) => {
    const { flags, name, summary } = command;
    const within = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c volley -f -n __fish_use_subcommand -a ${name} -d ${fishQuoted(summary)}`,
      ...shownFlags(flags).map(
        ([key, flag]) => `complete -c volley ${within} ${fishFlag(key, flag)}`,
      ),
      `complete -c volley ${within} -l help -d 'show flags and examples'`,
      ...(name === "completion" ? [`complete -c volley -f ${within} -a 'bash zsh fish'`] : []),
    ];
  });
  return `# fish completion for volley\n${lines.join("\n")}\n`;
}

function fishFlag(key: string, { about, names, placeholder, short, words }: Flag<unknown>): string {
  const parts = [
    `-l ${flagName(key)}`,
    short === undefined ? "" : `-s ${short}`,
    placeholder === undefined ? "" : names === undefined ? "-x" : "-r",
    words ? `-a ${fishQuoted(words.join(" "))}` : "",
    names === "folder" ? "-a '(__fish_complete_directories)'" : "",
    `-d ${fishQuoted(about)}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
