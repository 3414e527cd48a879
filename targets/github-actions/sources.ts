/**
 * Which chunks of the run log a job downloads: those of the steps that lead to it. A chunk holds what its job had read
 * and what it wrote, so those before them are not needed; only a job that failed may have left none, and what it read is
 * then read again.
 */
import type { Term } from "../../src/plan/activations.ts";
import type { CompositeSite, File, GraphSite, LeafSite, Site } from "./sites.ts";

/** The chunks of a job, or those that a called file is told of. */
type Source = JobSource | { readonly calledFrom: File };

interface JobSource {
  readonly job: string;
  readonly file: File;
  /** A matrix of its own: one chunk an item. */
  readonly many?: true;
}

/** Patterns of what leads to a job of this file, without the parts that all names have. */
export function chunksBefore(site: Site): readonly string[] {
  return patterns(before(site), site.home.file);
}

/** For the first calls of a composite's file. */
export function chunksForCall(site: CompositeSite): readonly string[] {
  return patterns(toBody(site), site.home.file);
}

/** For a gather that closes a loop's iteration: what its body gives, in the same file. */
export function chunksToClose(site: CompositeSite): readonly string[] {
  const body = site.graphs[0];
  return body === undefined ? [] : patterns(given(body), body.file);
}

/** For the call of an iteration after the first: what the one before gives. */
export function chunksOfIteration(site: CompositeSite, iteration: number): readonly string[] {
  const { file } = site.home;
  const body = site.graphs[0];
  if (body === undefined) return [];
  const sources = site.close === undefined ? given(body) : [{ job: site.close.id, file: body.file }];
  if (sources.some((source) => "calledFrom" in source)) return patterns([...toBody(site), ...everything(site)], file);
  const index = join(indexOf(file), `${iteration}`);
  return sources.flatMap((source) => {
    if (!("job" in source)) return [];
    return [`${source.job}~${source.file === body.file ? index : `${index}.*`}~*`];
  });
}

/** The jobs that run before a step and may have stored files, with patterns of their indices. */
export function jobsBefore(site: Site): readonly { readonly job: string; readonly index: string }[] {
  const { file } = site.home;
  const seen = new Set<Site>();
  const found = new Map<string, JobSource>();
  const visit = (sites: readonly Site[]): void => {
    const stack = [...sites];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      for (const source of everything(next)) if ("job" in source) found.set(source.job, source);
      stack.push(...previous(next));
    }
  };
  const isInLoop = (one: Site): readonly CompositeSite[] => {
    const { owner } = one.home;
    return owner === undefined ? [] : [...(owner.node.node.kind === "loop" ? [owner] : []), ...isInLoop(owner)];
  };
  visit([...previous(site), ...isInLoop(site)]);
  return [...found.values()].map(({ job, file: of, many }) => {
    const once = of === file && file.owner === undefined && many !== true;
    return { job, index: once ? "" : "*" };
  });
}

/** The index of a job's run, as text of this file. */
export function indexOf(file: File): string {
  return file.owner === undefined ? "" : "${{ inputs.at }}";
}

/** An index with that of an item or iteration. */
export function join(index: string, more: string): string {
  return index === "" ? more : `${index}.${more}`;
}

function previous({ node, home }: Site): readonly Site[] {
  if (node.activation.length === 0) return home.owner === undefined ? [] : previous(home.owner);
  return node.activation.flatMap(({ from }) => home.sites.get(from) ?? []);
}

function before(site: Site): readonly Source[] {
  const { node, home } = site;
  if (node.activation.length > 0) return node.activation.flatMap((term) => through(term, home));
  const { owner, file } = home;
  if (owner === undefined) return [];
  return file.owner === owner ? [{ calledFrom: file }] : toBody(owner);
}

/** What leads to the body of a composite. */
function toBody(site: CompositeSite): readonly Source[] {
  return site.open === undefined ? before(site) : [{ job: site.open.id, file: site.home.file }];
}

function through({ from, on }: Term, { sites }: GraphSite): readonly Source[] {
  const site = sites.get(from);
  if (site === undefined) return [];
  return on === "ok" ? afterSuccess(site) : [...everything(site), ...before(site)];
}

/** What leads on from a node that succeeded. */
function afterSuccess(site: Site): readonly Source[] {
  if (site.kind === "leaf") return [ownSource(site)];
  const { node, graphs, close } = site;
  const inner = graphs.flatMap(given);
  // An empty list leaves only what computed it.
  if (node.node.kind === "map") return [...toBody(site), ...inner];
  const closing: readonly Source[] =
    close === undefined || graphs[0] === undefined ? [] : [{ job: close.id, file: graphs[0].file }];
  return [...inner, ...closing];
}

/** What the end of a graph in success leads on from. */
function given(graph: GraphSite): readonly Source[] {
  return graph.graph.success.flatMap((term) => through(term, graph));
}

/** All jobs of a node. */
function everything(site: Site): readonly Source[] {
  if (site.kind === "leaf") return [ownSource(site)];
  const { open, close, graphs, home } = site;
  return [
    ...(open === undefined ? [] : [{ job: open.id, file: home.file }]),
    ...graphs.flatMap(({ sites }) => [...sites.values()].flatMap(everything)),
    ...(close === undefined ? [] : [{ job: close.id, file: graphs[0]?.file ?? home.file }]),
  ];
}

function ownSource({ id, home }: LeafSite): Source {
  const { file, owner } = home;
  return { job: id, file, ...(owner?.body === "matrix" ? { many: true } : {}) };
}

function patterns(sources: readonly Source[], file: File): readonly string[] {
  const texts = sources.flatMap((source): readonly string[] => {
    if ("job" in source) {
      const here = source.file === file && source.many !== true;
      return [`${source.job}~${here ? indexOf(file) : join(indexOf(file), "*")}~*`];
    }
    if (source.calledFrom === file) return ["${{ inputs.from }}"];
    return source.calledFrom.owner === undefined ? [] : patterns(toBody(source.calledFrom.owner), file);
  });
  return [...new Set(texts)];
}
