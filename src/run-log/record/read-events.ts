import type { Event } from "../../protocol/event.ts";
import { type Json, parseJson, setKey } from "../../protocol/json.ts";
import type { Parameters } from "../../protocol/path.ts";
import type { TellDamage } from "../../stores/contract/event-lines.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { digestOf } from "./value-digest.ts";

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
