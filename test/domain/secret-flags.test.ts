/** Which names hold secrets unless an operator says otherwise. */
import { expect, test } from "bun:test";

import { secretFlags } from "../../src/domain/secret-flags.ts";
import { Redactor } from "../../src/lib/redactor.ts";

const redactor = new Redactor({ keys: secretFlags.redact.fallback });

test.each(
  "password newPassword db_passwd passPhrase passcode clientSecret authToken api_key X-API-Key privateKey Authorization Set-Cookie credential awsCredentials otp".split(
    " ",
  ),
)("%s holds one", (name) => expect(redactor.isSecretKey(name)).toBe(true));

// What runners of consent banners and of shops tell.
test.each("url cookies cookieBanner tokens passed secretary pin spinner author".split(" "))(
  "%s holds none",
  (name) => expect(redactor.isSecretKey(name)).toBe(false),
);
