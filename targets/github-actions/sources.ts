/**
 * Which chunks of the run log a job downloads: those of the steps that lead to it. A chunk holds what its job had read
 * and what it wrote, so those before them are not needed; only a job that failed may have left none, and what it read is
 * then read again.
 */
import type { Term } from "../../src/plan/activations.ts";
import { remembered } from "./conditions/remembered.ts";
import { type CompositeSite, type File, type GraphSite, type LeafSite, type Site, siteOf } from "./conditions/sites.ts";
import { mostPatterns } from "./job-steps.ts";

/** The chunks of a job, or those that a called file is told of. */
type Source = JobSource | { readonly calledFrom: File };

interface JobSource {
  readonly job: string;
  readonly file: File;
  /** A matrix of its own: one chunk an item. */
  readonly many?: true;
}

/** By what tells them apart. */
type Sources = ReadonlyMap<string, Source>;

const none: Sources = new Map();

function sourcesOf(source: Source): Sources {
  return new Map([["job" in source ? source.job : `\0${source.calledFrom.id}`, source]]);
}

function merged(parts: readonly Sources[]): Sources {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return only;
  return new Map(parts.flatMap((part) => [...part]));
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
  const sources = [...(site.close === undefined ? given(body) : closing(site)).values()];
  if (sources.some((source) => "calledFrom" in source)) return patterns(merged([toBody(site), everything(site)]), file);
  const index = join(indexOf(file), `${iteration}`);
  return sources.flatMap((source) => {
    if (!("job" in source)) return [];
    return [`${source.job}~${source.file === body.file ? index : `${index}.*`}~*`];
  });
}

/** Jobs before a step that are among those that store files, with patterns of their indices. */
export function jobsBefore(
  site: Site,
  storing: ReadonlySet<string>,
): readonly { readonly job: string; readonly index: string }[] {
  const { file } = site.home;
  const enclosing = merged([...loopsAround(site)].map(everything));
  return [...merged([ancestorsAmong(storing)(site), enclosing]).values()].flatMap((source) => {
    if (!("job" in source) || !storing.has(source.job)) return [];
    const once = source.file === file && file.owner === undefined && source.many !== true;
    return [{ job: source.job, index: once ? "" : "*" }];
  });
}

/** Earlier iterations of the loops around a step run before it too. */
function* loopsAround({ home }: Site): Generator<CompositeSite> {
  for (let { owner } = home; owner !== undefined; owner = owner.home.owner) {
    if (owner.node.node.kind === "loop") yield owner;
  }
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
  return node.activation.map(({ from }) => siteOf(from, home));
}

/** Of the jobs that may run before a step those among these; not all, where there are more than are listed. */
const ancestorsAmong = remembered((jobs: ReadonlySet<string>) => {
  const among = (sources: Sources): Sources => new Map([...sources].filter(([job]) => jobs.has(job)));
  const found: (site: Site) => Sources = remembered((site) => {
    const all = merged(previous(site).flatMap((one) => [among(everything(one)), found(one)]));
    return new Map([...all].slice(0, mostPatterns + 1));
  });
  return found;
});

const before: (site: Site) => Sources = remembered(({ node, home }) => {
  if (node.activation.length > 0) return merged(node.activation.map((term) => through(term, home)));
  const { owner, file } = home;
  if (owner === undefined) return none;
  return file.owner === owner ? sourcesOf({ calledFrom: file }) : toBody(owner);
});

/** What leads to the body of a composite. */
function toBody(site: CompositeSite): Sources {
  return site.open === undefined ? before(site) : sourcesOf({ job: site.open.id, file: site.home.file });
}

function through({ from, on }: Term, graph: GraphSite): Sources {
  const site = siteOf(from, graph);
  return on === "ok" ? afterSuccess(site) : merged([everything(site), before(site)]);
}

/** What leads on from a node that succeeded. */
function afterSuccess(site: Site): Sources {
  if (site.kind === "leaf") return sourcesOf(ownSource(site));
  const { node, graphs } = site;
  const inner = graphs.map(given);
  // An empty list leaves only what computed it.
  return merged(node.node.kind === "map" ? [toBody(site), ...inner] : [...inner, closing(site)]);
}

/** What the end of a graph in success leads on from. */
const given: (graph: GraphSite) => Sources = remembered((graph) =>
  merged(graph.graph.success.map((term) => through(term, graph))),
);

/** All jobs of a node. */
const everything: (site: Site) => Sources = remembered((site) => {
  if (site.kind === "leaf") return sourcesOf(ownSource(site));
  const { open, graphs, home } = site;
  return merged([
    open === undefined ? none : sourcesOf({ job: open.id, file: home.file }),
    ...graphs.flatMap(({ sites }) => [...sites.values()].map(everything)),
    closing(site),
  ]);
});

function closing({ close, graphs, home }: CompositeSite): Sources {
  return close === undefined ? none : sourcesOf({ job: close.id, file: graphs[0]?.file ?? home.file });
}

function ownSource({ id, home }: LeafSite): Source {
  const { file, owner } = home;
  return { job: id, file, ...(owner?.body === "matrix" ? { many: true } : {}) };
}

function patterns(sources: Sources, file: File): readonly string[] {
  const texts = [...sources.values()].flatMap((source): readonly string[] => {
    if ("job" in source) {
      const here = source.file === file && source.many !== true;
      return [`${source.job}~${here ? indexOf(file) : join(indexOf(file), "*")}~*`];
    }
    if (source.calledFrom === file) return ["${{ inputs.from }}"];
    return source.calledFrom.owner === undefined ? [] : patterns(toBody(source.calledFrom.owner), file);
  });
  return [...new Set(texts)];
}
