import type { JsonObject } from "./json.ts";
import type { Parameters, Path } from "./path.ts";

/** What every event of a run log has. Unknown kinds and fields are kept and ignored by readers. */
export interface EventHead {
  readonly v: 1;
  /** uuidv7; a second event with the same id is the same event. */
  readonly id: string;
  readonly run: string;
  /** uuidv7 of the writing process. */
  readonly writer: string;
  /** Counts from 1 in its writer. Orders the events of one attempt; never compare across writers. */
  readonly seq: number;
  /** ISO 8601, UTC. For people only: no meaning is derived from it. */
  readonly time: string;
}

/** What the events of one attempt of a leaf or gather share. */
export interface AttemptHead extends EventHead {
  readonly path: Path;
  /** From 1. */
  readonly attempt: number;
  /** From 1; see docs/run-log.md. */
  readonly round: number;
  /** Present where the writer is a gather: `open` computes a composite's control before it, `close` a loop's after an iteration. */
  readonly gather?: "open" | "close";
}

export type StepStatus = "success" | "failed" | "cancelled";
export type FailureReason =
  | "exit"
  | "signal"
  | "timeout"
  | "exception"
  | "missing-output"
  | "catalog-get"
  | "catalog-put"
  | "missing-secret"
  | "out-of-memory"
  | "cannot-start"
  | "secret-in-output"
  | "not-a-list"
  | "no-branch"
  | "not-a-boolean"
  | "cancelled"
  | "internal";

export interface CatalogFile {
  /** Relative posix path; with a slash at its end it is an empty folder, whose content is nothing and not stored. */
  readonly name: string;
  /** `sha256:<hex>`. */
  readonly digest: string;
  readonly size: number;
  /** The executable bit. */
  readonly executable?: true;
  /** Permissions that are not the usual ones, three octal digits: `600`. */
  readonly mode?: string;
  /** The content is not in the store (`store_copy: false`). */
  readonly digestOnly?: true;
  /** It was there before the step, which did not change it: it takes no other file's place. */
  readonly found?: true;
  /** An executed notebook: it tells of one run, and has another digest in each. */
  readonly executed?: true;
}

/** Name to `sha256:<hex>`; the value's JSON is the blob `values/<hex>`. */
export type ValueRefs = { readonly [name: string]: string };

export interface RunCreated extends EventHead {
  readonly kind: "run.created";
  readonly data: {
    readonly pipeline: string;
    /** Digest of the IR. */
    readonly digest: string;
    readonly parameters: Parameters;
    /** In a stored event: parameters that stand in a blob of the run log. Readers put them back into `parameters`. */
    readonly refs?: ValueRefs;
    readonly target: string;
    readonly tag?: string;
    /** The process without which the run does not go on; absent: a platform sees to it. */
    readonly owner?: ProcessIdentity;
    readonly code?: { readonly commit?: string; readonly dirty?: boolean; readonly image?: string };
    readonly version: string;
    readonly retryOf?: string;
  };
}
/** A process, so that it can be found again, or seen to be gone. */
export interface ProcessIdentity {
  /** For people. */
  readonly host: string;
  /** Within which the number means this process: a system since its start, a container. */
  readonly place: string;
  readonly pid: number;
  /** Tells it from a later process of that number; absent: the system does not say. */
  readonly start?: string;
}
export interface RunNative extends EventHead {
  readonly kind: "run.native";
  readonly data: { readonly links: readonly Link[] };
}
/** A page that a platform has of a run. */
export interface Link {
  readonly title: string;
  readonly url: string;
}
export interface RunFinished extends EventHead {
  readonly kind: "run.finished";
  readonly data: {
    readonly status: "success" | "failed" | "cancelled";
    /** How many events whoever closed the run had seen, this one included: fewer later are a damage. */
    readonly events?: number;
  };
}
export interface StepStarted extends AttemptHead {
  readonly kind: "step.started";
  readonly data: {
    readonly command?: string;
    readonly commandType?: string;
    /** The number of the process that supervises it, where the same script started what may have to wait for its end. */
    readonly pid?: number;
  };
}
export interface StepFinished extends AttemptHead {
  readonly kind: "step.finished";
  readonly data: {
    readonly status: StepStatus;
    readonly exitCode?: number;
    readonly signal?: string;
    readonly reason?: FailureReason;
    readonly message?: string;
    /** Where the task's own code failed, as its language prints it; several lines, shortened in the middle. */
    readonly traceback?: string;
    readonly durationMs: number;
    readonly delta?: Parameters;
    /** In a stored event: values of the delta that stand in a blob of the run log. Readers put them back into `delta`. */
    readonly refs?: ValueRefs;
    /** The control that this attempt computed; the event `control` before it says the same. */
    readonly control?: string;
    /** The platform, or the shim, will try again: not the step's last word. */
    readonly retry?: true;
  };
}
export interface StepLost extends AttemptHead {
  readonly kind: "step.lost";
  readonly data: {
    readonly message?: string;
    /** The writer did not know the step's edges and put the default ones: any other event of the step overrules them. */
    readonly assumed?: true;
  };
}
/**
 * A control that was computed, at the composite's own path (a loop's with its index).
 * `value`: a map's items `[{"i":0,"k":"oslo"},…]` as JSON text, a conditional's branch index, `again`, `done` or `fault`.
 */
export interface ControlEvent extends AttemptHead {
  readonly kind: "control";
  readonly data: { readonly value: string; readonly reason?: FailureReason; readonly message?: string };
}
export interface MetricEvent extends AttemptHead {
  readonly kind: "metric";
  readonly data: { readonly metrics: JsonObject; readonly step?: number };
}
export interface CatalogPut extends AttemptHead {
  readonly kind: "catalog.put";
  readonly data: { readonly files: readonly CatalogFile[] };
}
export interface CatalogGet extends AttemptHead {
  readonly kind: "catalog.get";
  readonly data: { readonly files: readonly CatalogFile[] };
}
export interface LogStored extends AttemptHead {
  readonly kind: "log.stored";
  readonly data: {
    readonly key: string;
    readonly bytes: number;
    /** CRC-32 of the stored bytes (crc32.ts); absent in logs of earlier versions. */
    readonly crc?: string;
    readonly truncated?: true;
  };
}
export interface WarningEvent extends AttemptHead {
  readonly kind: "warning";
  readonly data: {
    readonly message: string;
    /** It is about the attempt's log, which could not be stored, or not to its end. */
    readonly log?: "lost" | "cut";
  };
}

export type RunEvent = RunCreated | RunNative | RunFinished;
export type AttemptEvent =
  | StepStarted
  | StepFinished
  | StepLost
  | ControlEvent
  | MetricEvent
  | CatalogPut
  | CatalogGet
  | LogStored
  | WarningEvent;
export type Event = RunEvent | AttemptEvent;

type Body<E> = E extends Event ? Omit<E, keyof EventHead> : never;
/** An event before its writer adds the head. */
export type EventBody = Body<Event>;
