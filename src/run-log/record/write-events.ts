import { maxInlineValue } from "../../protocol/environment-names.ts";
import type { Event, EventBody, EventHead } from "../../protocol/event.ts";
import { type Json, printJson } from "../../protocol/json.ts";
import type { Parameters } from "../../protocol/path.ts";
import { eventVersion } from "../../protocol/version.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import { uuidV7 } from "../../system/uuid-v7.ts";
import { digestOf } from "./value-digest.ts";

/** What this process writes to a run's log: one writer a process and run. */
export interface EventWriter {
  /** uuidv7. */
  readonly writer: string;
  /**
   * Adds the heads and appends the events, as one batch and in order; what is written while an append is under way goes
   * with the next one. Resolves when they are in the log. Throws a StoreError where they cannot be.
   */
  write(...bodies: readonly EventBody[]): Promise<void>;
}

/** `writer`: an id that whoever started this process chose, to find what it writes. */
export function openEventWriter(log: RunLog, writer = uuidV7()): EventWriter {
  let seq = 0;
  let waiting: EventBody[] = [];
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();

  const flush = async (): Promise<void> => {
    const bodies = waiting;
    waiting = [];
    next = undefined;
    const small: EventBody[] = [];
    for (const body of bodies) small.push(await moveLargeValues(body, log));
    const time = new Date().toISOString();
    const first = seq;
    try {
      await log.append(
        small.map((body) => withHead(body, { v: eventVersion, id: uuidV7(), run: log.run, writer, seq: ++seq, time })),
      );
    } catch (error) {
      // What was not written leaves no gap.
      seq = first;
      throw error;
    }
  };

  return {
    writer,
    write: (...bodies) => {
      waiting.push(...bodies);
      if (next === undefined) next = last = last.then(flush, flush);
      return next;
    },
  };
}

function withHead(body: EventBody, head: EventHead): Event {
  return { ...head, ...body };
}

async function moveLargeValues(body: EventBody, log: RunLog): Promise<EventBody> {
  if (body.kind === "run.created") {
    const { kept, refs } = await moved(body.data.parameters, log);
    return refs === undefined ? body : { ...body, data: { ...body.data, parameters: kept, refs } };
  }
  if (body.kind === "step.finished" && body.data.delta !== undefined) {
    const { kept, refs } = await moved(body.data.delta, log);
    return refs === undefined ? body : { ...body, data: { ...body.data, delta: kept, refs } };
  }
  return body;
}

async function moved(
  values: Parameters,
  log: RunLog,
): Promise<{ readonly kept: Parameters; readonly refs?: { readonly [name: string]: string } }> {
  let kept: Record<string, Json> | undefined;
  const refs: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const text = maybeLarge(value) ? printJson(value) : "";
    if (Buffer.byteLength(text) <= maxInlineValue) continue;
    const digest = digestOf(text);
    await log.putIfAbsent(`values/${digest.slice("sha256:".length)}`, text);
    kept ??= { ...values };
    delete kept[name];
    refs[name] = digest;
  }
  return kept === undefined ? { kept: values } : { kept, refs };
}

/** A cheap look before printing: a character is at most 6 bytes of JSON. */
function maybeLarge(value: Json): boolean {
  return typeof value === "string" ? value.length * 6 > maxInlineValue : typeof value === "object" && value !== null;
}
