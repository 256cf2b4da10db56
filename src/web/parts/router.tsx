/**
 * Where the reader is: the address bar as a signal, and links that change it without a reload.
 */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

/** The current address; only its path and query count. */
export const address = signal(new URL(location.href));

addEventListener("popstate", () => {
  address.value = new URL(location.href);
});

/** Goes to a path of the dashboard. `replace`: without a step in the history. */
export function go(path: string, { replace = false } = {}): void {
  const before = address.peek();
  history[replace ? "replaceState" : "pushState"](null, "", path);
  address.value = new URL(location.href);
  if (address.value.pathname !== before.pathname) scrollTo(0, 0);
}

/** Changes parameters of the query; those that are undefined or empty are left out. */
export function ask(changes: Readonly<Record<string, string | undefined>>, replace = true): void {
  go(asked(changes), { replace });
}

/** The current path with such changes of its query. */
export function asked(changes: Readonly<Record<string, string | undefined>>): string {
  const { pathname, searchParams } = address.value;
  const query = new URLSearchParams(searchParams);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  return path(pathname, query);
}

/** A path with a query. */
export function path(pathname: string, query: URLSearchParams | Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === "" ? pathname : `${pathname}?${text}`;
}

export function runPath(runId: string): string {
  return `/runs/${encodeURIComponent(runId)}`;
}

interface LinkProps {
  /** A path of the dashboard. */
  readonly to: string;
  readonly class?: string;
  readonly "aria-current"?: "page" | undefined;
  readonly children?: ComponentChildren;
}

export function Link({ to, ...rest }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    // A new tab or window is the browser's business.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    go(to);
  };
  return <a href={to} onClick={follow} {...rest} />;
}
