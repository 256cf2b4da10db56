/** A secret that stands in a file of its own, as containers and init systems hand them over. */
import { readFileSync } from "node:fs";

export type SecretText = { readonly value: string } | { readonly fault: string };

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
