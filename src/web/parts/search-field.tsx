/**
 * A field to look for something by: what is typed counts once it is complete, and is not lost when
 * the page is drawn again meanwhile.
 */
import { useEffect, useState } from "preact/hooks";

export interface SearchFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly commit: (value: string) => void;
}

export function SearchField({ commit, hint, label, value }: SearchFieldProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <label>
      {label}
      <input
        type="search"
        value={text}
        placeholder={hint}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onChange={({ currentTarget }) => commit(currentTarget.value.trim())}
      />
    </label>
  );
}
