import type { Failure } from "../task-types/task-type.ts";

/** Explains a failure that speaks of a file which the project has and the step's directory has not. */
export interface MissingFiles {
  /** What the step printed. */
  hear(chunk: Uint8Array): void;
  /** A text for each such file, five at most. */
  explain(failure: Failure): readonly string[];
}

/** A message about a file stands at the end of what was printed. Characters. */
const heard = 8192;

/** `missing`: the names with the reasons; read when something is explained. */
export function missingFiles(missing: ReadonlyMap<string, string>): MissingFiles {
  let end = "";
  return {
    hear: (chunk) => {
      if (missing.size > 0) end = `${end}${Buffer.from(chunk).toString("utf8")}`.slice(-heard);
    },
    explain: ({ message, traceback = "" }) => {
      const text = `${end}\n${traceback}\n${message}`;
      const named = [...missing].filter(([name]) => speaksOf(text, name)).slice(0, 5);
      return named.map(([name, why]) => `"${name}" is in the project, but not in the step's directory: ${why}`);
    },
  };
}

/** Whether a name stands in a text by itself, or as the beginning of a path; one that looks like a word, as a path only. */
function speaksOf(text: string, name: string): boolean {
  const after = /[./]/.test(name) ? /^(?![\w-])/ : /^[/'":`]/;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text.slice(Math.max(0, at - 3), at);
    if (/(?:^|[^\w./-])(?:\.\/)?$/.test(before) && after.test(text.slice(at + name.length))) return true;
  }
  return false;
}
