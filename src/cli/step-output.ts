import { StringDecoder } from "node:string_decoder";
import { displayPath } from "../protocol/path.ts";
import type { Progress } from "./progress.ts";
import { hasColour } from "./terminal.ts";

/** What steps print, by whole lines, each after the name of its step, since many print at a time. */
export function stepOutput(
  stream: NodeJS.WriteStream,
  write: (text: Uint8Array) => Promise<void> | void,
): Pick<Progress, "output" | "close"> {
  const open = new Map<string, { readonly decoder: StringDecoder; rest: string }>();
  const dim = hasColour(stream) ? (text: string) => `\u001b[2m${text}\u001b[0m` : (text: string) => text;
  const print = (name: string, lines: string): Promise<void> | void => {
    const label = dim(`${name} | `);
    return write(Buffer.from(lines.replace(/^(?=[\s\S])/gm, () => label)));
  };
  return {
    output: (path, source, chunk) => {
      const name = displayPath(path);
      const key = `${source} ${name}`;
      const state = open.get(key) ?? { decoder: new StringDecoder("utf8"), rest: "" };
      open.set(key, state);
      const text = state.rest + state.decoder.write(Buffer.from(chunk));
      const end = text.lastIndexOf("\n") + 1;
      state.rest = text.slice(end);
      return end === 0 ? undefined : print(name, text.slice(0, end));
    },
    close: () => {
      for (const [key, { rest }] of open) if (rest !== "") print(key.slice(key.indexOf(" ") + 1), `${rest}\n`);
      open.clear();
    },
  };
}
