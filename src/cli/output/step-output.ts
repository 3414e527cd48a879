import { StringDecoder } from "node:string_decoder";
import { displayPath, type Path, pathKey } from "../../protocol/path.ts";
import { visible } from "../../system/visible.ts";
import { hasColour } from "./terminal.ts";

/** What steps print, by whole lines, each after the name of its step, since many print at a time. */
export interface StepOutput {
  /** A promise: nothing more is to come before it resolves. */
  output(path: Path, source: "stdout" | "stderr", chunk: Uint8Array): Promise<void> | void;
  /** Prints the line that a step began and did not end. */
  finish(path: Path): void;
  /** The same for all steps. */
  close(): void;
}

/** A line that is longer is printed in parts. Characters. */
const longestLine = 64 * 1024;

interface Open {
  readonly name: string;
  readonly decoder: StringDecoder;
  /** The line that has begun. */
  rest: string;
}

export function stepOutput(stream: NodeJS.WriteStream, write: (text: Uint8Array) => Promise<void> | void): StepOutput {
  const open = new Map<string, Open>();
  const dim = hasColour(stream) ? (text: string) => `\u001b[2m${text}\u001b[0m` : (text: string) => text;
  const print = (name: string, lines: string): Promise<void> | void => {
    const label = dim(`${name} | `);
    return write(Buffer.from(lines.replace(/^(?=[\s\S])/gm, () => label)));
  };
  const end = (key: string): void => {
    const state = open.get(key);
    open.delete(key);
    if (state !== undefined && state.rest !== "") print(state.name, `${state.rest}\n`);
  };
  return {
    output: (path, source, chunk) => {
      const name = visible(displayPath(path));
      const key = keyOf(path, source);
      const state = open.get(key) ?? { name, decoder: new StringDecoder("utf8"), rest: "" };
      open.set(key, state);
      const text = state.rest + state.decoder.write(Buffer.from(chunk));
      const last = text.lastIndexOf("\n") + 1;
      state.rest = text.slice(last);
      if (state.rest.length <= longestLine) return last === 0 ? undefined : print(name, text.slice(0, last));
      state.rest = "";
      return print(name, `${text}\n`);
    },
    finish: (path) => {
      for (const source of ["stdout", "stderr"] as const) end(keyOf(path, source));
    },
    close: () => {
      for (const key of [...open.keys()]) end(key);
    },
  };
}

/** Not the name: two items of a map may have the same. */
function keyOf(path: Path, source: "stdout" | "stderr"): string {
  return `${source} ${pathKey(path)}`;
}
