/** The frame of every page: where one is, whether the server can be reached, who is signed in. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import { HistoryPage } from "./history/history-page.tsx";
import { address, go, Link } from "./parts/router.tsx";
import { Empty, Loading } from "./parts/shown.tsx";
import { RegionsPage } from "./regions/regions-page.tsx";
import { RunPage } from "./run/run-page.tsx";
import { RunsPage } from "./runs/runs-page.tsx";
import { API, denied, sentence, signOut, trouble, who } from "./server.ts";
import { SignInPage } from "./session/sign-in-page.tsx";
import { SubmitPage } from "./submit/submit-page.tsx";

const NAVIGATION = [
  { to: "/", name: "Runs" },
  { to: "/submit", name: "Submit" },
  { to: "/regions", name: "Regions" },
  { to: "/history", name: "History" },
];

export function App() {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <Link to="/" class="brand">
          volley
        </Link>
        <nav aria-label="Pages">
          {NAVIGATION.map(({ name, to }) => (
            <Link key={to} to={to} aria-current={isHere(to) ? "page" : undefined}>
              {name}
            </Link>
          ))}
        </nav>
        <span class="aside">
          <a href={`${API}/docs`}>API</a>
          <Session />
        </span>
      </header>
      <Away />
      <main id="main" tabIndex={-1}>
        <Gate>
          <Page />
        </Gate>
      </main>
    </>
  );
}

function isHere(to: string): boolean {
  const { pathname } = address.value;
  return pathname === to || (to === "/" && pathname.startsWith("/runs/"));
}

function Session() {
  const known = who.value;
  if (!known) return <></>;
  if (known.name === undefined) return <></>;
  return (
    <>
      <span class="soft" title={`${known.scope}`}>
        {known.name}
      </span>
      <button type="button" class="quiet" onClick={() => void signOut()}>
        Sign out
      </button>
    </>
  );
}

/** A server that is away is told of; the page keeps what it shows and goes on trying. */
function Away() {
  const error = trouble.value;
  return (
    <div role="status" class={error ? "away" : "hidden"}>
      {error ? `Offline: ${sentence(error)} What you see may be old; trying again …` : ""}
    </div>
  );
}

/** Nothing is asked of the server before it is known who asks. */
function Gate({ children }: { readonly children: ComponentChildren }) {
  const { pathname, search } = address.value;
  const signedOut = who.value === null;
  useEffect(() => {
    if (signedOut && pathname !== "/sign-in") {
      go(`/sign-in?${new URLSearchParams({ to: pathname + search })}`, { replace: true });
    }
  }, [signedOut, pathname]);
  if (denied.value !== undefined) {
    return (
      <>
        <h1>volley</h1>
        <Empty title="The server does not answer this page">
          <p>{denied.value}</p>
        </Empty>
      </>
    );
  }
  if (signedOut) return <SignInPage />;
  if (who.value === undefined) return <Loading what="the dashboard" />;
  return <>{children}</>;
}

function Page() {
  const { pathname } = address.value;
  const runId = /^\/runs\/([^/]+)$/.exec(pathname)?.[1];
  useEffect(() => {
    document.title = titleOf(pathname, runId);
  }, [pathname]);
  if (runId !== undefined) {
    const id = decoded(runId);
    return <RunPage key={id} runId={id} />;
  }
  if (pathname === "/submit") return <SubmitPage />;
  if (pathname === "/regions") return <RegionsPage />;
  if (pathname === "/history") return <HistoryPage />;
  if (pathname === "/sign-in") return <SignInPage />;
  return <RunsPage />;
}

function titleOf(pathname: string, runId: string | undefined): string {
  if (runId !== undefined) return `${decoded(runId)} · volley`;
  const name = NAVIGATION.find(({ to }) => to === pathname)?.name ?? "Sign in";
  return `${name} · volley`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
