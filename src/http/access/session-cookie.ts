/**
 * The session's cookie. Over TLS its name starts with `__Host-`, so that a browser takes it from
 * this very host and over TLS only; without TLS no browser would keep such a cookie.
 */
export interface SessionCookie {
  /** The token in a request's cookies. */
  readonly read: (headers: Headers) => string | undefined;
  /** The value of Set-Cookie. `expiresAt`: milliseconds since the epoch. */
  readonly write: (token: string, expiresAt: number) => string;
  /** The value of Set-Cookie that makes a browser forget it. */
  readonly clear: () => string;
}

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export function sessionCookie(secure: boolean): SessionCookie {
  const name = secure ? "__Host-volley" : "volley";
  const attributes = `Path=/; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
  return {
    read: (headers) => {
      for (const pair of (headers.get("cookie") ?? "").split(";")) {
        const [key = "", value = ""] = pair.split("=", 2);
        if (key.trim() === name && TOKEN.test(value.trim())) return value.trim();
      }
      return undefined;
    },
    write: (token, expiresAt) =>
      `${name}=${token}; ${attributes}; Expires=${new Date(expiresAt).toUTCString()}`,
    clear: () => `${name}=; ${attributes}; Max-Age=0`,
  };
}
