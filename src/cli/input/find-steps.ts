import type { DiagnosticSink } from "../../diagnostics/sink.ts";
import { suggest } from "../../diagnostics/suggest.ts";
import type { Json } from "../../protocol/json.ts";
import { displayPath, type PathElement } from "../../protocol/path.ts";
import { scalarText } from "../../run-log/replay/item-key.ts";
import type { RunView, StepView } from "../../run-log/views/view.ts";

/** A step of a run with a name by which it alone is meant. */
export interface FoundStep {
  readonly step: StepView;
  readonly name: string;
}

/**
 * The steps of a run that a dotted name means; reports where there is none. An item may be written by its label, its
 * whole text or its number (`each.oslo.fit`, `each.#0.fit`); without items and iterations, all of them are meant.
 */
export function findSteps(name: string, view: RunView, sink: DiagnosticSink): readonly FoundStep[] {
  const steps = stepsOf(view.steps, []);
  const found = steps.filter(({ step, items }) => isNamed(name, step.path, items));
  if (found.length === 0) {
    const names = steps.map(({ step }) => displayPath(step.path));
    sink.report("no-such-step", { step: name, run: view.run, suggestion: suggest(name, names), names });
  }
  const shown = found.map(({ step }) => displayPath(step.path));
  return found.map(({ step }, i) => {
    const isShared = shown.indexOf(shown[i] ?? "") !== shown.lastIndexOf(shown[i] ?? "");
    return { step, name: isShared ? numbered(step) : (shown[i] ?? "") };
  });
}

/** The names of all steps that ran. */
export function namesOfSteps(view: RunView): readonly string[] {
  return stepsOf(view.steps, []).map(({ step }) => displayPath(step.path));
}

interface Standing {
  readonly step: StepView;
  /** Of the maps around it, by the element of its path. */
  readonly items: readonly (Json | undefined)[];
}

function stepsOf(steps: readonly StepView[], items: Standing["items"]): readonly Standing[] {
  return steps.flatMap((step) => [
    ...(step.attempts.length > 0 ? [{ step, items }] : []),
    ...step.graphs.flatMap((graph) => stepsOf(graph.steps, [...items, graph.item])),
  ]);
}

function isNamed(name: string, path: StepView["path"], items: Standing["items"]): boolean {
  let open = [name];
  for (const [i, element] of path.entries()) {
    const labels = labelsOf(element, items[i]);
    open = open
      .flatMap((rest) => after(rest, element.node))
      .flatMap((rest) => labels.flatMap((label) => (label === undefined ? [rest] : after(rest, label))));
  }
  return open.includes("");
}

/** What an element may be called behind its node's name; undefined: nothing. */
function labelsOf({ kind, branch, index, key }: PathElement, item: Json | undefined): readonly (string | undefined)[] {
  if (branch !== undefined) return [branch];
  if (index === undefined) return [undefined];
  const text = item === undefined ? [] : [scalarText(item)];
  return [...new Set([undefined, ...(kind === "map" ? [key || undefined, ...text] : [`${index}`]), `#${index}`])];
}

/** What follows a part of a dotted name and its dot; nothing where it does not begin with the part. */
function after(name: string, part: string): readonly string[] {
  if (name === part) return [""];
  return name.startsWith(`${part}.`) ? [name.slice(part.length + 1)] : [];
}

function numbered({ path }: StepView): string {
  return displayPath(path.map((element) => (element.kind === "map" ? { ...element, key: "" } : element)));
}
