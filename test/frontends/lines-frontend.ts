/** A front end of the tests' own: a step on each line, `NAME: COMMAND` or `NAME @FILE`, and no places at all. */
import type { Frontend } from "../../src/frontends/frontend.ts";
import type { Json, JsonObject } from "../../src/protocol/json.ts";
import type { SourceDocument } from "../../src/source/source-document.ts";
import type { SourceFile } from "../../src/source/source-file.ts";

/** `a.lines:2` begins at the second line. `read` gets what was read, in order. */
export function linesFrontend(read: string[] = []): Frontend {
  return {
    name: "lines",
    reads: (input) => /\.lines(?::\d+)?$/.test(input),
    fileOf: (input) => input.replace(/:\d+$/, ""),
    async read({ input, file }) {
      await Promise.resolve();
      read.push(input);
      const from = Number(/:(\d+)$/.exec(input)?.[1] ?? 1);
      const lines = file.text.split("\n").filter((line) => line !== "");
      return placeless(file, { dag: { steps: lines.slice(from - 1).map(stepOf) } }, "lined");
    },
  };
}

function stepOf(line: string): JsonObject {
  const [, name = "", mark, rest = ""] = /^(\w+)(: | @)(.*)$/.exec(line) ?? [];
  if (mark === " @") return { name, type: "dag", dag_definition: rest };
  return { name, type: "task", command_type: "shell", command: rest };
}

/** A document of which no place is known. */
export function placeless(file: SourceFile, value: Json, defaultName?: string): SourceDocument<Json> {
  return {
    file,
    value,
    ...(defaultName === undefined ? {} : { defaultName }),
    rootSpan: undefined,
    keySpan: () => undefined,
    valueSpan: () => undefined,
    spanOf: () => undefined,
    keysOf: Object.keys,
    isAnchored: () => false,
  };
}
