/** The dashboard: starts the page. */
import { render } from "preact";

import { App } from "./app.tsx";
import { identify } from "./server.ts";

const root = document.getElementById("app");
if (root) render(<App />, root);
void identify();
