/** Flags of who may come in to the orchestrator, and by which name. */
import { type FlagTable, integer, list, offByDefault, shaped, text } from "../../lib/flags.ts";

/** What a browser sends as Origin, but for the port it leaves out. */
export const ORIGIN = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/;

export const allowedHostsFlag = list({
  placeholder: "NAMES",
  about: "host names to answer to besides IP addresses and localhost, separated by commas",
  separator: /[\s,]+/,
  word: /^[A-Za-z0-9_.-]{1,253}$/,
});

export const accessFlags = {
  publicUrl: shaped({
    placeholder: "ORIGIN",
    about: "address that people see, as https://volley.example.com, if a proxy stands before",
    shape: ORIGIN,
    expected: 'an origin such as "https://volley.example.com"',
  }),
  allowedHosts: allowedHostsFlag,
  corsOrigin: list({
    placeholder: "ORIGINS",
    about: "origins whose pages may use the API, with a key, separated by commas",
    separator: /[\s,]+/,
    word: ORIGIN,
  }),
  adminKeyFile: text({
    placeholder: "FILE",
    names: "file",
    about: "file with a key of scope admin, as volley key generate prints it",
    fallback: undefined,
  }),
  submitsPerMinute: offByDefault(
    integer({
      about: "most runs that one key may submit in a minute",
      fallback: 1,
      min: 1,
      max: 1_000_000,
    }),
  ),
  maxSignInFailures: integer({
    about: "most sign-ins with a wrong key from one address in a minute",
    fallback: 20,
    min: 1,
    max: 1_000_000,
  }),
} satisfies FlagTable;
