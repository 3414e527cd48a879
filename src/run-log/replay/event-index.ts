import type {
  AttemptEvent,
  ControlEvent,
  Event,
  RunCreated,
  RunFinished,
  StepFinished,
  StepLost,
} from "../../protocol/event.ts";
import type { Path, PathElement } from "../../protocol/path.ts";
import { selectorOf } from "../../protocol/path.ts";
import { DamagedLogError } from "./damaged-log.ts";

/** The events of a run by the place that they speak of. Which event came first makes no difference. */
export interface EventIndex {
  readonly root: GraphRecords;
  created: RunCreated | undefined;
  readonly finished: Set<RunFinished["data"]["status"]>;
  /** Of all records; 0 where there is none. */
  highestRound: number;
}

/** One graph at one place: a branch, an item, an iteration. */
export interface GraphRecords {
  /** Its first node, where an event has named it. */
  start: string | undefined;
  /** The start is known from an assumption only. */
  startGuessed: boolean;
  readonly nodes: Map<string, NodeRecords>;
}

export interface NodeRecords {
  /** Without a selector. */
  element: PathElement;
  /** The element is known from a `step.lost` only whose writer assumed its edges; any other event overrules it. */
  guessed: boolean;
  /** A leaf's attempts. */
  readonly own: StepRecords;
  /** The opening gather's attempts. */
  readonly open: StepRecords;
  /** By iteration: the closing gather's attempts. */
  readonly close: Map<number, StepRecords>;
  /** The control that counts, by iteration for a loop, else under null. */
  readonly controls: Map<number | null, ControlEvent>;
  readonly graphs: Map<string | number | null, GraphRecords>;
}

/** The attempts of one leaf or gather. */
export interface StepRecords {
  /** By {@link rank}. */
  readonly attempts: Map<number, AttemptRecord>;
  /** The attempt of the highest rank. */
  last: AttemptRecord | undefined;
  /** The `step.lost` of the highest rank. */
  lost: StepLost | undefined;
}

export interface AttemptRecord {
  readonly round: number;
  readonly attempt: number;
  /** In any order; see {@link inOrder}. */
  readonly events: AttemptEvent[];
}

export function indexEvents(events: Iterable<Event>): EventIndex {
  const index: EventIndex = { root: emptyGraph(), created: undefined, finished: new Set(), highestRound: 0 };
  const seen = new Set<string>();
  for (const event of events) {
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    addEvent(index, event);
  }
  return index;
}

/** Adds an event whose id is new. Kinds that this version does not know are passed over. */
export function addEvent(index: EventIndex, event: Event): void {
  if ("round" in event) index.highestRound = Math.max(index.highestRound, event.round);
  switch (event.kind) {
    case "run.created":
      // Two steps may have created the run, each from the same spec: any fixed choice will do.
      if (index.created === undefined || event.id < index.created.id) index.created = event;
      return;
    case "run.finished":
      index.finished.add(event.data.status);
      return;
    case "control": {
      const { controls } = addPath(index, event.path, false);
      const iteration = event.path.at(-1)?.index ?? null;
      const known = controls.get(iteration);
      if (known === undefined || isLater(event, known)) controls.set(iteration, event);
      return;
    }
    case "step.lost": {
      const records = recordsOf(addPath(index, event.path, event.data.assumed === true), event);
      if (records.lost === undefined || isLater(event, records.lost)) records.lost = event;
      return;
    }
    case "step.started":
    case "step.finished":
    case "metric":
    case "catalog.put":
    case "catalog.get":
    case "log.stored":
    case "warning":
      addToAttempt(recordsOf(addPath(index, event.path, false), event), event);
      return;
    default:
      // `run.native`, of which nothing follows for the replay, and kinds of later versions.
      return;
  }
}

/** Makes the nodes of a path known; returns the last one's records. `guessed`: the last element may be wrong. */
export function addPath(index: EventIndex, path: Path, guessed: boolean): NodeRecords {
  let graph = index.root;
  let node: NodeRecords | undefined;
  for (const [i, element] of path.entries()) {
    if (node !== undefined) graph = graphOf(node, selectorOf(path[i - 1] ?? element));
    node = addNode(graph, element, guessed && i === path.length - 1);
  }
  if (node === undefined) throw new DamagedLogError("an event has an empty path");
  return node;
}

function addNode(graph: GraphRecords, element: PathElement, guessed: boolean): NodeRecords {
  if (element.start && (graph.start === undefined || (graph.startGuessed && !guessed))) {
    graph.start = element.node;
    graph.startGuessed = guessed;
  }
  const known = graph.nodes.get(element.node);
  if (known === undefined) {
    const node = emptyNode(withoutSelector(element), guessed);
    graph.nodes.set(element.node, node);
    return node;
  }
  if (known.guessed && !guessed) {
    known.element = withoutSelector(element);
    known.guessed = false;
  }
  return known;
}

function graphOf(node: NodeRecords, selector: string | number | null): GraphRecords {
  const known = node.graphs.get(selector);
  if (known !== undefined) return known;
  const graph = emptyGraph();
  node.graphs.set(selector, graph);
  return graph;
}

function recordsOf(node: NodeRecords, { gather, path }: AttemptEvent): StepRecords {
  if (gather === undefined) return node.own;
  if (gather === "open") return node.open;
  const iteration = path.at(-1)?.index ?? 0;
  const known = node.close.get(iteration);
  if (known !== undefined) return known;
  const records = emptyRecords();
  node.close.set(iteration, records);
  return records;
}

function addToAttempt(records: StepRecords, event: AttemptEvent): void {
  const key = rank(event);
  const known = records.attempts.get(key);
  if (known !== undefined) {
    known.events.push(event);
    return;
  }
  const record = { round: event.round, attempt: event.attempt, events: [event] };
  records.attempts.set(key, record);
  if (records.last === undefined || key > rank(records.last)) records.last = record;
}

/** Orders attempts by round, then by number. */
export function rank({ round, attempt }: { readonly round: number; readonly attempt: number }): number {
  return round * 2 ** 32 + attempt;
}

/** An attempt's events as they were written. */
export function inOrder(record: AttemptRecord): readonly AttemptEvent[] {
  return record.events.toSorted((a, b) => (isLater(a, b) ? 1 : -1));
}

export function finishOf(record: AttemptRecord): StepFinished | undefined {
  return record.events.reduce<StepFinished | undefined>((best, event) => {
    if (event.kind !== "step.finished") return best;
    return best === undefined || isLater(event, best) ? event : best;
  }, undefined);
}

/** One attempt has one writer; where two claim to be it, the order between them is fixed though arbitrary. */
function isLater(a: AttemptEvent, b: AttemptEvent): boolean {
  const ranks = rank(a) - rank(b);
  if (ranks !== 0) return ranks > 0;
  return a.writer === b.writer ? a.seq > b.seq : a.writer > b.writer;
}

function withoutSelector(element: PathElement): PathElement {
  if (selectorOf(element) === null) return element;
  const { branch: _, index: __, key: ___, ...rest } = element;
  return rest;
}

function emptyGraph(): GraphRecords {
  return { start: undefined, startGuessed: false, nodes: new Map() };
}

function emptyNode(element: PathElement, guessed: boolean): NodeRecords {
  return {
    element,
    guessed,
    own: emptyRecords(),
    open: emptyRecords(),
    close: new Map(),
    controls: new Map(),
    graphs: new Map(),
  };
}

function emptyRecords(): StepRecords {
  return { attempts: new Map(), last: undefined, lost: undefined };
}
