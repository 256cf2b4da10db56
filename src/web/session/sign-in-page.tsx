/** Sign in with an API key, which is exchanged for a cookie and kept nowhere in the page. */
import { useEffect, useRef, useState } from "preact/hooks";

import { Refusal } from "../../client/errors.ts";
import { address, go } from "../parts/router.tsx";
import { sentence, signIn, who } from "../server.ts";

export function SignInPage() {
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const known = who.value;
  useEffect(() => {
    if (known) go(destination(), { replace: true });
  }, [known]);
  // Also where a session ended while the page was open.
  useEffect(() => field.current?.focus(), []);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    setBusy(true);
    try {
      await signIn(String(new FormData(form).get("key")).trim());
    } catch (error) {
      setFailure(reason(error));
      field.current?.select();
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="sign-in" onSubmit={(event) => void submit(event)}>
      <h1>Sign in</h1>
      <p class="soft">
        This server asks for an API key; <code>volley key create</code> makes one.
      </p>
      <label>
        API key
        <input
          ref={field}
          name="key"
          type="password"
          autocomplete="current-password"
          required
          spellcheck={false}
          aria-describedby="sign-in-failure"
        />
      </label>
      <p id="sign-in-failure" class="wrong" role="alert">
        {failure}
      </p>
      <button type="submit" disabled={busy}>
        Sign in
      </button>
    </form>
  );
}

function reason(error: unknown): string {
  const isRefused = error instanceof Refusal && error.code === "unauthorized";
  return isRefused ? "This key is unknown, expired or revoked." : sentence(error);
}

/** Where somebody wanted to go; only ever a path of this page. */
function destination(): string {
  const to = address.peek().searchParams.get("to") ?? "/";
  const url = URL.parse(to, location.origin);
  return url?.origin === location.origin ? url.pathname + url.search : "/";
}
