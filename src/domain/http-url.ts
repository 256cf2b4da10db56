/** URLs in requests: what each of them must look like. */
import { Type } from "@sinclair/typebox";

export const HTTP_URL_PATTERN = "^[Hh][Tt][Tt][Pp][Ss]?://";
export const NOT_AN_HTTP_URL = "Must be an absolute http:// or https:// URL.";

export const CallbackUrl = Type.String({
  pattern: HTTP_URL_PATTERN,
  error: NOT_AN_HTTP_URL,
  maxLength: 2048,
  description:
    "Where the run's end is told: one POST, signed as in Standard Webhooks, repeated until it is answered 2xx. https to a public address, unless the server's operator allows more.",
  examples: ["https://ci.example.com/hooks/volley"],
});
