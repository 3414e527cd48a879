/**
 * Which job stands for which node, and in which file. A graph is inlined into the file of what contains it, except for
 * the bodies of maps and loops: those are files of their own, called once for each item or iteration.
 */

import type { PlanComposite, PlanGraph, PlanLeaf, PlanNode } from "../../../src/plan/plan-node.ts";
import type { StepSpec } from "../../../src/protocol/step-spec.ts";
import { present } from "../../../src/system/present.ts";
import { type NameScope, nameScope } from "../../../src/target/name-scope.ts";

/** A workflow file. */
export interface File {
  /** `train` of `<pipeline>--train.yml`; empty: the pipeline's own file. */
  readonly id: string;
  /** For people: `train / item`. */
  readonly title: string;
  readonly graph: GraphSite;
  /** The map or loop whose body it is. */
  readonly owner?: CompositeSite;
}

export interface GraphSite {
  readonly graph: PlanGraph;
  readonly sites: ReadonlyMap<string, Site>;
  /** What contains it; absent: the root. */
  readonly owner?: CompositeSite;
  /** Its place among the graphs of its owner. */
  readonly index: number;
  readonly file: File;
}

export type Site = LeafSite | CompositeSite;

interface SiteBase {
  /** Of its job or, of a composite, what the ids of its jobs begin with. */
  readonly id: string;
  /** For people: the path with slashes. */
  readonly title: string;
  readonly home: GraphSite;
  /** The job's failure is handled by itself or by something around it. */
  readonly captured: boolean;
}

export interface LeafSite extends SiteBase {
  readonly kind: "leaf";
  readonly node: PlanLeaf;
}

export interface CompositeSite extends SiteBase {
  readonly kind: "composite";
  readonly node: PlanComposite;
  readonly graphs: readonly GraphSite[];
  /** Its gathers as jobs. */
  readonly open?: GatherJob;
  readonly close?: GatherJob;
  /** How its body runs: jobs among the others, a matrix of one job, or calls of a file, in batches of items or at once. */
  readonly body: "inline" | "matrix" | "calls" | "batches";
}

export interface GatherJob {
  readonly id: string;
  readonly title: string;
  readonly step: StepSpec;
}

/** More items than one matrix may have: https://docs.github.com/actions/reference/limits. */
export const mostLegs = 256;

export interface Layout {
  readonly root: GraphSite;
  /** In document order, the pipeline's own first. */
  readonly files: readonly File[];
}

/** `many`: whether a map may have more items than one matrix. */
export function layOut(root: PlanGraph, many: (node: PlanComposite) => boolean): Layout {
  const laying: Laying = { ids: jobIds(), files: [], many };
  laying.ids.of("\0verdict", verdictId);
  return {
    root: laySeparately(root, { names: [], title: [], captured: false }, undefined, laying),
    files: laying.files,
  };
}

export const verdictId = "magnus-verdict";

interface Laying {
  readonly ids: NameScope;
  readonly files: File[];
  readonly many: (node: PlanComposite) => boolean;
}

interface Place {
  readonly names: readonly string[];
  readonly title: readonly string[];
  readonly captured: boolean;
}

/** Ids of jobs: `[A-Za-z_][A-Za-z0-9_-]*`, not begun by `__` (GitHub's own), below 100 characters, without regard to case. */
function jobIds(): NameScope {
  const clean = (wanted: string): string => {
    const plain = wanted.replace(/[^A-Za-z0-9_]+/g, "-").replace(/^-+|-+$/g, "");
    return /^(?!__)[A-Za-z_]/.test(plain) ? plain : `step-${plain}`;
  };
  return nameScope({ clean, longest: 60, ignoreCase: true });
}

function laySeparately(graph: PlanGraph, place: Place, owner: CompositeSite | undefined, laying: Laying): GraphSite {
  const id = owner?.id ?? "";
  const file: { -readonly [key in keyof File]: File[key] } = {
    id,
    title: place.title.join(" / "),
    graph: undefined as unknown as GraphSite,
    ...present({ owner }),
  };
  laying.files.push(file);
  file.graph = layGraph(graph, place, owner, 0, file, laying);
  return file.graph;
}

function layGraph(
  graph: PlanGraph,
  place: Place,
  owner: CompositeSite | undefined,
  index: number,
  file: File,
  laying: Laying,
): GraphSite {
  const sites = new Map<string, Site>();
  const site: GraphSite = { graph, sites, ...present({ owner }), index, file };
  for (const node of graph.nodes.values()) sites.set(node.name, layNode(node, place, site, laying));
  return site;
}

function layNode(node: PlanNode, around: Place, home: GraphSite, laying: Laying): Site {
  const names = [...around.names, node.name];
  const handled = "to" in node.failed || node.failed.end === "success";
  const place = { names, title: [...around.title, node.name], captured: around.captured || handled };
  const base = { id: idOf(names, laying), title: place.title.join(" / "), home, captured: place.captured };
  return node.kind === "leaf" ? { ...base, kind: "leaf", node } : layComposite(node, place, base, laying);
}

function layComposite(node: PlanComposite, place: Place, base: SiteBase, laying: Laying): CompositeSite {
  const graphs: GraphSite[] = [];
  const gather = (name: "gather" | "close", step: StepSpec): GatherJob => ({
    id: idOf([...place.names, `\0${name}`], laying, `${base.id}-${name}`),
    title: `${base.title} (${name})`,
    step,
  });
  const site: CompositeSite = {
    ...base,
    kind: "composite",
    node,
    graphs,
    ...present({ open: node.open && gather("gather", node.open) }),
    ...present({ close: node.close && gather("close", node.close) }),
    body: bodyOf(node, base, laying),
  };
  for (const [index, graph] of node.graphs.entries()) {
    const branch = graph.prefix.at(-1)?.branch;
    const inner =
      branch === undefined ? place : { ...place, names: [...place.names, branch], title: [...place.title, branch] };
    if (site.body === "calls" || site.body === "batches") graphs.push(laySeparately(graph, inner, site, laying));
    else graphs.push(layGraph(graph, inner, site, index, base.home.file, laying));
  }
  return site;
}

function bodyOf(node: PlanComposite, { home, captured }: SiteBase, laying: Laying): CompositeSite["body"] {
  if (node.node.kind === "loop") return "calls";
  if (node.node.kind !== "map") return "inline";
  if (laying.many(node)) return "batches";
  const body = node.graphs[0];
  // Outputs of a matrix are those of whichever leg came last, so its jobs can be told only by the result of all.
  return body !== undefined && !captured && home.file.id === "" && isSingle(body) ? "matrix" : "calls";
}

/** One leaf that decides how its graph ends. */
function isSingle({ nodes, start }: PlanGraph): boolean {
  const { ok, failed } = start;
  return (
    nodes.size === 1 &&
    start.kind === "leaf" &&
    "end" in ok &&
    ok.end === "success" &&
    "end" in failed &&
    failed.end === "fail"
  );
}

function idOf(names: readonly string[], { ids }: Laying, wanted = names.join("-")): string {
  return ids.of(names.join("\0"), wanted);
}

/** Nodes of a graph, those inside of others after them. */
/** A node's site in its graph, where the plan says that there is one. */
export function siteOf(name: string, { sites }: Pick<GraphSite, "sites">): Site {
  const site = sites.get(name);
  if (site === undefined) throw new Error(`the graph has no ${name}`);
  return site;
}

export function* sitesOf({ sites }: GraphSite): Generator<Site> {
  for (const site of sites.values()) {
    yield site;
    if (site.kind === "composite") for (const graph of site.graphs) yield* sitesOf(graph);
  }
}

export function leavesOf(graph: GraphSite): readonly LeafSite[] {
  return [...sitesOf(graph)].filter((site) => site.kind === "leaf");
}
