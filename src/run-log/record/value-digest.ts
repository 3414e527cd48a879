import { createHash } from "node:crypto";

/** Of a large value that stands in a blob: `sha256:<hex>` of its JSON, which names the blob, too. */
export function digestOf(content: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
