/** What an endpoint answers, without the token it was sent and without what its names call secret. */
import type { Region } from "../domain/region.ts";
import { Redactor } from "../lib/redactor.ts";

export function regionRedactor(
  { token }: Pick<Region, "token">,
  secretKeys: readonly string[],
): Redactor {
  return new Redactor({ keys: secretKeys, values: token === undefined ? [] : [token] });
}
