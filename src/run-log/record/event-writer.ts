import { createHash } from "node:crypto";
import { maxInlineValue } from "../../protocol/environment.ts";
import type { Event, EventBody, EventHead } from "../../protocol/event.ts";
import { type Json, parseJson, printJson, setKey } from "../../protocol/json.ts";
import type { Parameters } from "../../protocol/path.ts";
import { eventVersion } from "../../protocol/version.ts";
import type { TellDamage } from "../../stores/contract/event-lines.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { uuidV7 } from "../../system/uuid-v7.ts";

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

/** Is told of what is damaged in a log. */
export interface DamageListener {
  readonly line: TellDamage;
  /** A sentence about a value that is missing, or is not what was stored; its parameter is left out then. */
  value(problem: string): void;
}

/**
 * All events of a run, values that stand in blobs put back. Lines that are damaged are left out. Throws a StoreError where
 * a value is missing or damaged and there is nobody to tell.
 */
export async function readEvents(log: RunLog, damage?: DamageListener): Promise<readonly Event[]> {
  const events = await log.read(damage?.line);
  const values = valueReader(log, damage);
  return Promise.all(events.map((event) => (hasRefs(event) ? withValues(event, values) : event)));
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

function hasRefs(event: Event): boolean {
  return (event.kind === "run.created" || event.kind === "step.finished") && event.data.refs !== undefined;
}

async function withValues(event: Event, values: ValueReader): Promise<Event> {
  if (event.kind === "run.created") {
    const { refs = {}, ...data } = event.data;
    return { ...event, data: { ...data, parameters: await filled(data.parameters, refs, values) } };
  }
  if (event.kind === "step.finished") {
    const { refs = {}, ...data } = event.data;
    return { ...event, data: { ...data, delta: await filled(data.delta ?? {}, refs, values) } };
  }
  return event;
}

async function filled(
  kept: Parameters,
  refs: { readonly [name: string]: string },
  values: ValueReader,
): Promise<Parameters> {
  const all: Record<string, Json> = { ...kept };
  for (const [name, digest] of Object.entries(refs)) {
    const value = await values(digest, name);
    if (value !== undefined) setKey(all, name, value);
  }
  return all;
}

/** The value with a digest; undefined where it cannot be had and somebody was told. `name`: of the parameter, for messages. */
type ValueReader = (digest: string, name: string) => Promise<Json | undefined>;

function valueReader(log: RunLog, damage: DamageListener | undefined): ValueReader {
  const values = new Map<string, Json>();
  return async (digest, name) => {
    const known = values.get(digest);
    if (known !== undefined) return known;
    const key = `values/${digest.replace(/^sha256:/, "")}`;
    const blob = await log.get(key);
    const problem = blob === null ? "is missing" : digestOf(blob) === digest ? undefined : "is not what was stored";
    if (blob === null || problem !== undefined) {
      if (damage === undefined) throw new StoreError("cannot read", key, `the value of "${name}" ${problem}`);
      damage.value(`${key}: the value of "${name}" ${problem}`);
      return undefined;
    }
    const value = parseJson(Buffer.from(blob).toString("utf8"));
    values.set(digest, value);
    return value;
  };
}

function digestOf(content: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
