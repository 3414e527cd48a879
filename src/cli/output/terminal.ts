import type { NodeStatus } from "../../run-log/replay/node-status.ts";

/** Colour only on a terminal, and never with NO_COLOR (https://no-color.org). */
export function hasColour(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}

const colours: { readonly [S in NodeStatus]: string } = {
  success: "32",
  failed: "31",
  lost: "31",
  cancelled: "33",
  running: "36",
};

/** Paints a status for a stream; the identity where it shows no colour. */
export function painter(stream: NodeJS.WriteStream): (status: NodeStatus, text: string) => string {
  if (!hasColour(stream)) return (_, text) => text;
  return (status, text) => `\u001b[${colours[status]}m${text}\u001b[0m`;
}
