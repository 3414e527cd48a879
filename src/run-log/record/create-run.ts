import type { EventBody, RunCreated } from "../../protocol/event.ts";
import { version } from "../../protocol/version.ts";
import type { EventWriter } from "./write-events.ts";

/** What is known of a run when it begins. */
export type RunFacts = Omit<RunCreated["data"], "refs" | "version">;

/** What a run takes over from earlier ones: its log begins with it. */
export type Seed = readonly EventBody[];

/**
 * Creates a run in its log: the first event, and what the run begins with, in one batch. There are no other places where a
 * run begins. Throws a StoreError where the log cannot be written.
 */
export function createRun(writer: EventWriter, facts: RunFacts, seed: Seed = []): Promise<void> {
  return writer.write({ kind: "run.created", data: { ...facts, version } }, ...seed);
}
