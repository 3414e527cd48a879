import type { Writable } from "node:stream";

/** Writes and, where the reader is slower, waits for it. A reader that went away (EPIPE) does not stop a step. */
export function writeToStream(stream: Writable, chunk: Uint8Array): Promise<void> | void {
  if (stream.listenerCount("error") === 0) stream.on("error", () => {});
  if (stream.destroyed || stream.write(chunk)) return;
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.once("drain", done);
    stream.once("close", done);
  });
}
