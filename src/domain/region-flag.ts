/** The flag of a server that answers for one region. */
import { type Flag, shaped } from "../lib/flags.ts";
import { REGION_PATTERN } from "./region.ts";

export function regionFlag(about: string): Flag<string | undefined> {
  return shaped({
    placeholder: "NAME",
    about,
    shape: new RegExp(REGION_PATTERN),
    expected: 'letters, digits, ".", "_" and "-", at most 63, beginning with a letter or digit',
  });
}
