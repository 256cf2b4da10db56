/** The fields of the form: where, what, on which pages, and how. */
import { useState } from "preact/hooks";

import type { RegionReport } from "../../domain/fleet.ts";
import type { Form, RunnerChoice } from "./form.ts";
import { InputFields } from "./input-fields.tsx";
import { useSchemas } from "./schemas.ts";

export interface FormPartProps {
  readonly form: Form;
  readonly change: (form: Form) => void;
  readonly regions: readonly RegionReport[];
}

export function FormPart({ change, form, regions }: FormPartProps) {
  const remote = form.mode === "remote";
  return (
    <form class="fields" onSubmit={(event) => event.preventDefault()}>
      <label>
        URLs, one on each line
        <textarea
          rows={3}
          spellcheck={false}
          placeholder="https://example.com"
          value={form.urls}
          onInput={({ currentTarget }) => change({ ...form, urls: currentTarget.value })}
        />
      </label>
      <label>
        Mode
        <select
          value={form.mode}
          onChange={({ currentTarget }) =>
            change({ ...form, mode: currentTarget.value === "local" ? "local" : "remote" })
          }
        >
          <option value="remote">remote: in the regions</option>
          <option value="local">local: by runners of this server</option>
        </select>
      </label>
      {remote ? <Regions form={form} change={change} regions={regions} /> : undefined}
      <Runners form={form} change={change} regions={remote ? regions : []} />
      <More form={form} change={change} />
    </form>
  );
}

function Regions({ change, form, regions }: FormPartProps) {
  const chosen = new Set(form.regions);
  const all = regions.map(({ name }) => name);
  const toggle = (name: string): void => {
    const next = all.filter((other) => (other === name) !== chosen.has(other));
    change({ ...form, regions: next });
  };
  if (regions.length === 0) {
    return (
      <p class="note">
        This server has no regions: start it with PLAYWRIGHT_RUNNERS or --regions-file.
      </p>
    );
  }
  return (
    <fieldset>
      <legend>Regions</legend>
      <div class="choices">
        {regions.map(({ error, health, name }) => (
          <label key={name} class="check" title={error ?? health}>
            <input type="checkbox" checked={chosen.has(name)} onChange={() => toggle(name)} />
            {name}
            {health === "unhealthy" ? <span class="mark error">! unhealthy</span> : undefined}
          </label>
        ))}
      </div>
      <button
        type="button"
        class="quiet small"
        onClick={() => change({ ...form, regions: chosen.size === all.length ? [] : all })}
      >
        {chosen.size === all.length ? "None" : "All"}
      </button>
    </fieldset>
  );
}

function Runners({ change, form, regions }: FormPartProps) {
  const chosenRegions = regions.filter(({ name }) => form.regions.includes(name));
  const asked = chosenRegions.length > 0 ? chosenRegions : regions;
  const schemas = useSchemas(asked);
  const offered = new Set(asked.flatMap(({ runners = [] }) => runners));
  const names = [...new Set([...offered, ...form.runners.map(({ name }) => name)])].toSorted();
  const chosen = new Map(form.runners.map((choice) => [choice.name, choice]));
  const put = (name: string, choice: RunnerChoice | undefined): void => {
    const others = form.runners.filter((other) => other.name !== name);
    change({ ...form, runners: choice ? [...others, choice] : others });
  };
  return (
    <fieldset>
      <legend>Runners</legend>
      {names.length === 0 ? (
        <p class="soft">No region tells which runners it offers; name them below.</p>
      ) : undefined}
      {names.map((name) => {
        const choice = chosen.get(name);
        const lacking = chosenRegions.filter(
          ({ runners }) => runners !== undefined && !runners.includes(name),
        );
        return (
          <div key={name} class="runner">
            <label class="check">
              <input
                type="checkbox"
                checked={choice !== undefined}
                onChange={() => put(name, choice ? undefined : { name, input: "" })}
              />
              <bdi>{name}</bdi>
              {lacking.length > 0 ? (
                <span class="soft">not in {lacking.map(({ name }) => name).join(", ")}</span>
              ) : undefined}
            </label>
            {choice ? (
              <InputFields
                choice={choice}
                schema={schemas.get(name)}
                change={(input) => put(name, { name, input })}
              />
            ) : undefined}
          </div>
        );
      })}
      <OtherRunner add={(name) => put(name, chosen.get(name) ?? { name, input: "" })} />
    </fieldset>
  );
}

function OtherRunner({ add }: { readonly add: (name: string) => void }) {
  const [name, setName] = useState("");
  const put = (): void => {
    if (name.trim() !== "") add(name.trim());
    setName("");
  };
  return (
    <div class="other">
      <label>
        Another runner
        <input
          value={name}
          spellcheck={false}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            put();
          }}
        />
      </label>
      <button type="button" class="quiet" onClick={put}>
        Add
      </button>
    </div>
  );
}

function More({ change, form }: Pick<FormPartProps, "form" | "change">) {
  const field = (name: keyof Form, label: string, hint: string, numeric = false) => (
    <label>
      {label}
      <input
        value={String(form[name])}
        placeholder={hint}
        inputMode={numeric ? "numeric" : "text"}
        spellcheck={false}
        onInput={({ currentTarget }) => change({ ...form, [name]: currentTarget.value })}
      />
    </label>
  );
  return (
    <details>
      <summary>Expectations, tags and limits</summary>
      <div class="pairs">
        {field("expect", "Expected where, first that fits", "eu-*=pass us-*=fail")}
        <label>
          In how many regions
          <select
            value={form.policy}
            onChange={({ currentTarget }) =>
              change({ ...form, policy: currentTarget.value as Form["policy"] })
            }
          >
            <option value="">not judged, or all</option>
            <option value="all">all</option>
            <option value="majority">majority</option>
            <option value="any">any</option>
          </select>
        </label>
        {field("tags", "Tags", "nightly release-4.2")}
        {field("timeout", "Limit of the run, in seconds", "none", true)}
        {field("retries", "Retries, 0 to 5", "0", true)}
        {field("concurrency", "Jobs at once", "no limit", true)}
        <label class="check">
          <input
            type="checkbox"
            checked={form.strict}
            onChange={({ currentTarget }) => change({ ...form, strict: currentTarget.checked })}
          />
          refuse if a region lacks a runner
        </label>
      </div>
    </details>
  );
}
