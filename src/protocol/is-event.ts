import type { Event } from "./event.ts";
import { isArray, isObject, type Json, type JsonObject } from "./json.ts";

/**
 * Whether a value has what readers rely on in an event of its kind. Kinds that this version does not know need a head
 * only. A line that looks like an event and is none (a damaged file, another program's) must not stop a reader.
 */
export function isEvent(value: Json): value is Json & Event {
  if (!isObject(value)) return false;
  const { id, run, writer, seq, kind, data } = value;
  if (![id, run, writer, kind].every((part) => typeof part === "string")) return false;
  if (typeof seq !== "number" || !isObject(data)) return false;
  const check = typeof kind === "string" ? kinds.get(kind) : undefined;
  return check === undefined || (check.has(data) && (check.isOfRun === true || isOfAttempt(value)));
}

interface KindCheck {
  /** Events of a run have no path. */
  readonly isOfRun?: true;
  has(data: JsonObject): boolean;
}

const any = (): boolean => true;
const hasFiles = ({ files = null }: JsonObject): boolean => isArray(files) && files.every(isFile);

const kinds: ReadonlyMap<string, KindCheck> = new Map<Event["kind"], KindCheck>([
  [
    "run.created",
    { isOfRun: true, has: ({ parameters = null, pipeline }) => isObject(parameters) && isText(pipeline) },
  ],
  ["run.native", { isOfRun: true, has: ({ links = null }) => isArray(links) && links.every(isLink) }],
  ["run.finished", { isOfRun: true, has: ({ status }) => isText(status) }],
  ["step.started", { has: any }],
  ["step.finished", { has: ({ status, delta = {} }) => isText(status) && isObject(delta) }],
  ["step.lost", { has: any }],
  ["control", { has: ({ value }) => isText(value) }],
  ["metric", { has: ({ metrics = null }) => isObject(metrics) }],
  ["catalog.put", { has: hasFiles }],
  ["catalog.get", { has: hasFiles }],
  ["log.stored", { has: ({ key }) => isText(key) }],
  ["warning", { has: ({ message }) => isText(message) }],
]);

function isOfAttempt({ path = null, attempt, round }: JsonObject): boolean {
  if (typeof attempt !== "number" || typeof round !== "number") return false;
  return isArray(path) && path.length > 0 && path.every(isPathElement);
}

function isPathElement(element: Json): boolean {
  return isObject(element) && isText(element.node) && isEdge(element.ok) && isEdge(element.failed);
}

function isEdge(edge: Json = null): boolean {
  return isObject(edge) && (isText(edge.to) || isText(edge.end));
}

function isFile(file: Json): boolean {
  return isObject(file) && isText(file.name) && isText(file.digest);
}

function isLink(link: Json): boolean {
  return isObject(link) && isText(link.title) && isText(link.url);
}

function isText(value: Json | undefined): boolean {
  return typeof value === "string";
}
