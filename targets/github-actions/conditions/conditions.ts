/**
 * When a job runs, and how a graph ended, as conditions over results and outputs of jobs.
 *
 * A job whose failure is handled is told by its output `ok`, since its result is `success` whatever happened
 * (`continue-on-error`). Inside of called files all jobs are, since what a called file gives out may not test results:
 * they are empty on the server (actions/runner#3087).
 */
import type { Activation } from "../../../src/plan/activations.ts";
import { all, always, any, type Expression, jobsOf, not, test } from "./expression.ts";
import { remembered } from "./remembered.ts";
import { type CompositeSite, type GatherJob, type GraphSite, type LeafSite, type Site, siteOf } from "./sites.ts";

/** `needs` in conditions of jobs, `jobs` in the outputs of a called file. */
export type Context = "needs" | "jobs";

/** When a node runs, seen by jobs of its file; the first of a called file always does. */
export function activationOf(site: Site, context: Context = "needs"): Expression {
  return activations[context](site);
}

const activations = inBoth((site: Site, context) => {
  const { home } = site;
  if (site.node.activation.length === 0) return entryOf(home, context);
  return anyOf(site.node.activation, home, context);
});

/** When a graph succeeds. */
export function successOf(site: GraphSite, context: Context): Expression {
  return successes[context](site);
}

const successes = inBoth((site: GraphSite, context) => anyOf(site.graph.success, site, context));

function inBoth<Key extends object>(
  compute: (key: Key, context: Context) => Expression,
): { readonly [context in Context]: (key: Key) => Expression } {
  return { needs: remembered((key) => compute(key, "needs")), jobs: remembered((key) => compute(key, "jobs")) };
}

/** What starts a graph. */
function entryOf({ owner, index, file }: GraphSite, context: Context): Expression {
  if (owner === undefined || file.owner === owner) return always;
  if (owner.node.node.kind === "conditional") {
    return all(controlOkOf(owner, context), controlIs(owner, `${index}`, context));
  }
  if (owner.node.node.kind === "map") return mapRuns(owner, context);
  return owner.open === undefined ? activationOf(owner, context) : gatherOk(owner.open, owner, context);
}

/** When a map has items to run. An empty matrix, or one of no JSON, would fail the job that has it. */
function mapRuns(site: CompositeSite, context: Context): Expression {
  return all(controlOkOf(site, context), controlIsNot(site, "[]", context), controlIsNot(site, "fault", context));
}

/** When the jobs that stand for a composite's body start. */
export function bodyRuns(site: CompositeSite): Expression {
  if (site.node.node.kind === "map") return mapRuns(site, "needs");
  return site.open === undefined ? activationOf(site) : gatherOk(site.open, site, "needs");
}

function anyOf(terms: Activation, graph: Pick<GraphSite, "sites">, context: Context): Expression {
  return any(
    ...terms.map(({ from, on }) => {
      const site = siteOf(from, graph);
      return on === "ok" ? okOf(site, context) : failedOf(site, context);
    }),
  );
}

function okOf(site: Site, context: Context): Expression {
  return site.kind === "leaf" ? leafOk(site, context) : compositeOk(site, context);
}

function failedOf(site: Site, context: Context): Expression {
  if (site.kind === "leaf" && context === "needs") {
    return all(test(`needs.${site.id}.result != 'skipped'`, site.id), isNot(site.id, "ok", "true", context));
  }
  return all(activationOf(site, context), not(okOf(site, context)));
}

/** Whether a job has to tell by its output whether it succeeded. */
export function tellsOk({ captured, home }: Pick<LeafSite, "captured" | "home">): boolean {
  return captured || home.file.owner !== undefined;
}

function leafOk(site: LeafSite, context: Context): Expression {
  return jobOk(site.id, tellsOk(site), context);
}

function gatherOk({ id }: GatherJob, site: CompositeSite, context: Context): Expression {
  return jobOk(id, tellsOk(site), context);
}

function jobOk(id: string, tells: boolean, context: Context): Expression {
  return tells ? is(id, "ok", "true", context) : test(`needs.${id}.result == 'success'`, id);
}

function compositeOk(site: CompositeSite, context: Context): Expression {
  const { graphs, node } = site;
  switch (node.node.kind) {
    case "dag":
    case "parallel":
      return all(...graphs.map((graph) => successOf(graph, context)));
    case "conditional":
      return any(...graphs.map((graph) => successOf(graph, context)));
    case "map":
      return all(controlOkOf(site, context), any(controlIs(site, "[]", context), itemsOk(site, context)));
    case "loop":
      return any(...iterationsOf(site).map((id) => is(id, "control", "done", context)));
  }
}

/** Whether all items succeeded, where there were any. `bad` is given out by failing items only. */
function itemsOk(site: CompositeSite, context: Context): Expression {
  const id = bodyJob(site);
  const succeeded = test(`needs.${id}.result == 'success'`, id);
  if (site.body === "matrix") return succeeded;
  const good = isNot(id, "bad", "true", context);
  return context === "needs" ? all(succeeded, good) : all(controlIsNot(site, "fault", context), good);
}

/** The job that stands for all items of a map: the call of its body, or the job that is all of it. */
function bodyJob(site: CompositeSite): string {
  const [body] = site.graphs;
  const only = body?.sites.get(body.graph.start.name);
  return site.body === "matrix" && only !== undefined ? only.id : site.id;
}

/** The jobs that call a loop's body, in order. */
export function iterationsOf({ id, node }: CompositeSite): readonly string[] {
  const count = node.node.kind === "loop" ? node.node.maxIterations : 0;
  return Array.from({ length: count }, (_, i) => `${id}-${i + 1}`);
}

/** The job that computes the control of a map or conditional: its gather, or the leaf before it. */
export function controllerOf(site: CompositeSite): string {
  return (site.open ?? siteOf(site.node.fedBy ?? "", site.home)).id;
}

function controlOkOf(site: CompositeSite, context: Context): Expression {
  if (site.open !== undefined) return gatherOk(site.open, site, context);
  return okOf(siteOf(site.node.fedBy ?? "", site.home), context);
}

function controlIs(site: CompositeSite, value: string, context: Context): Expression {
  return is(controllerOf(site), "control", value, context);
}

function controlIsNot(site: CompositeSite, value: string, context: Context): Expression {
  return isNot(controllerOf(site), "control", value, context);
}

function is(id: string, output: string, value: string, context: Context): Expression {
  return test(`${context}.${id}.outputs.${output} == '${value}'`, id);
}

function isNot(id: string, output: string, value: string, context: Context): Expression {
  return test(`${context}.${id}.outputs.${output} != '${value}'`, id);
}

/** The jobs for which a job with this condition waits: those that it names, and all with which what it follows may end. */
export function needsOf(condition: Expression, site: Site): readonly string[] {
  return [...new Set([...jobsOf(condition), ...waitsBefore(site)])];
}

function waitsBefore({ node, home }: Site): readonly string[] {
  if (node.activation.length > 0) {
    return node.activation.flatMap(({ from }) => {
      return endsOf(siteOf(from, home));
    });
  }
  const { owner, file } = home;
  if (owner === undefined || file.owner === owner) return [];
  return owner.open === undefined ? waitsBefore(owner) : [owner.open.id];
}

/** The jobs that may be the last of a node. */
function endsOf(site: Site): readonly string[] {
  if (site.kind === "leaf") return [site.id];
  if (site.node.node.kind === "loop") return iterationsOf(site).slice(-1);
  if (site.body !== "inline") return [bodyJob(site)];
  return site.graphs.flatMap(({ sites }) => [...sites.values()].filter(mayEnd).flatMap(endsOf));
}

function mayEnd({ node }: Site): boolean {
  return "end" in node.ok || "end" in node.failed;
}
