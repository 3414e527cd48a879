import { factsOf } from "../../protocol/kinds.ts";
import type { Path, PathElement } from "../../protocol/path.ts";
import type { StepSpec } from "../../protocol/step-spec.ts";
import type { StuckStep } from "./findings.ts";

/** A leaf or gather that may be lost, by its static path. */
export type Loss = NonNullable<StepSpec["mayBeLost"]>[number];

/** Losses by every node whose start would have been theirs: their own, and composites that begin with them. */
export type LossIndex = ReadonlyMap<string, readonly Loss[]>;

export function indexLosses(losses: readonly Loss[]): LossIndex {
  const index = new Map<string, Loss[]>();
  const add = (key: string, loss: Loss): void => {
    const known = index.get(key);
    if (known === undefined) index.set(key, [loss]);
    else known.push(loss);
  };
  for (const loss of losses) {
    const { path, gather } = loss;
    add(stepKey(path, gather), loss);
    if (gather === "close") continue;
    // Upwards as long as the token that enters the composite enters this step with it.
    for (let length = path.length; length > 0; length--) {
      const element = path[length - 1];
      add(nodeKey(path.slice(0, length)), loss);
      if (!element?.start) break;
      add(startKey(path.slice(0, length - 1)), loss);
      if (!startsItsGraphs(path[length - 2])) break;
    }
  }
  return index;
}

/** What was lost where the token stopped: the step itself, or the first steps of a composite that no event knows. */
export function lossesAt({ path, gather, unknown }: StuckStep, index: LossIndex): readonly Loss[] {
  if (unknown === undefined) return index.get(stepKey(path, gather)) ?? [];
  const key = unknown === "node" ? nodeKey(path) : startKey(path.slice(0, -1));
  return outermost(index.get(key) ?? []);
}

export function mayLose(path: Path, gather: "open" | "close" | undefined, index: LossIndex): Loss | undefined {
  return index.get(stepKey(path, gather))?.[0];
}

/** A composite whose graphs start with it, unless a gather comes first. */
function startsItsGraphs(element: PathElement | undefined): boolean {
  const facts = factsOf(element?.kind);
  return facts !== undefined && !facts.leaf && !facts.needsControl;
}

/** Where an opening gather comes first, nothing inside its composite was to start yet. */
function outermost(losses: readonly Loss[]): readonly Loss[] {
  const openings = new Set(losses.filter((loss) => loss.gather === "open").map((loss) => nodeKey(loss.path)));
  if (openings.size === 0) return losses;
  return losses.filter(({ path, gather }) => {
    const around = gather === "open" ? path.length - 1 : path.length;
    return !path.slice(0, around).some((_, i) => openings.has(nodeKey(path.slice(0, i + 1))));
  });
}

/** One leaf or gather, whatever its items and iterations. */
export function stepKey(path: Path, gather: "open" | "close" | undefined): string {
  return `${gather ?? "step"} ${nodeKey(path)}`;
}

function nodeKey(path: Path): string {
  const last = path.at(-1);
  return `${startKey(path.slice(0, -1))}${JSON.stringify(last?.node)}`;
}

/** Names and branches of the enclosing elements; items and iterations are not told apart. */
function startKey(enclosing: Path): string {
  return JSON.stringify(enclosing.map(({ node, branch }) => (branch === undefined ? node : [node, branch])));
}
