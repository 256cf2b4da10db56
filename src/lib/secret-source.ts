/** Secrets by where they stand: a variable, or a file as containers and init systems hand it over. */
import { readText } from "./text-file.ts";

export type SecretSource = { readonly env: string } | { readonly file: string };
export type SecretText = { readonly value: string } | { readonly fault: string };
/** Looks up a secret. A fault says where it is missing, and never what it is. */
export type ReadSecret = (source: SecretSource) => SecretText;

/** The text of the file without the line end at its end. A fault names the file, not its text. */
export function readSecretFile(path: string): SecretText {
  const read = readText(path);
  if ("fault" in read) return { fault: `the file ${path} ${read.fault}` };
  const value = read.text.replace(/\r?\n$/, "");
  return value === "" ? { fault: `the file ${path} is empty` } : { value };
}
