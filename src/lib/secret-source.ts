/** Secrets by where they stand: a variable, or a file as containers and init systems hand it over. */
import { readFileSync } from "node:fs";

export type SecretSource = { readonly env: string } | { readonly file: string };
export type SecretText = { readonly value: string } | { readonly fault: string };
/** Looks up a secret. A fault says where it is missing, and never what it is. */
export type ReadSecret = (source: SecretSource) => SecretText;

/** The text of the file without the line end at its end. A fault names the file, not its text. */
export function readSecretFile(path: string): SecretText {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? "unreadable";
    return { fault: `the file ${path} cannot be read (${why})` };
  }
  const value = text.replace(/\r?\n$/, "");
  return value === "" ? { fault: `the file ${path} is empty` } : { value };
}
