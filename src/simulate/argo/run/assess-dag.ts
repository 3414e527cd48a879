import { isCompleted, isFulfilled, type Node, type Phase } from "./node.ts";

/**
 * How a dag ends, or Running (dag.go, assessDAGPhase): the phase of each leaf task, an omitted one's being that of what
 * led to it. It walks the nodes that the dag's node leads to; a leaf that it does not reach keeps the dag Running for
 * ever. `state.unfulfilled` remembers what it stopped at: as long as that runs, so does the dag.
 */
export function assessDag(
  nodes: ReadonlyMap<string, Node>,
  dag: Node,
  leaves: readonly string[],
  failFast: boolean,
  state: { unfulfilled?: Node },
): Phase {
  if (state.unfulfilled !== undefined && !isFulfilled(state.unfulfilled)) return "Running";
  const phases = new Map<string, Phase | "">(leaves.map((leaf) => [`${dag.name}.${leaf}`, ""]));
  const queue = [...dag.children].map((name): Visit => ({ name, phase: "Succeeded" }));
  const seen = new Set(queue.map(keyOf));
  for (let i = 0; i < queue.length; i++) {
    const visit = queue[i];
    const node = visit === undefined ? undefined : nodes.get(visit.name);
    if (visit === undefined || node === undefined) return "Running";
    if (!isFulfilled(node)) {
      state.unfulfilled = node;
      return "Running";
    }
    const phase = isCompleted(node) ? node.phase : visit.phase;
    const before = phases.get(node.name);
    if (before !== undefined && before !== "Failed" && before !== "Error") phases.set(node.name, phase);
    for (const name of nextOf(node)) {
      const next: Visit = { name, phase };
      if (seen.has(keyOf(next))) continue;
      seen.add(keyOf(next));
      queue.push(next);
    }
  }
  return endOf([...phases.values()], failFast);
}

interface Visit {
  readonly name: string;
  readonly phase: Phase;
}

function keyOf({ name, phase }: Visit): string {
  return `${phase} ${name}`;
}

/** A Retry node counts as its last attempt. */
function nextOf(node: Node): Iterable<string> {
  return node.type === "Retry" ? node.attempts.flatMap(({ children }) => [...children]) : node.children;
}

function endOf(leaves: readonly (Phase | "")[], failFast: boolean): Phase {
  let end: Phase = "Succeeded";
  for (const phase of leaves) {
    if (phase === "") {
      end = "Running";
      if (!failFast) break;
    } else if (phase === "Failed" || phase === "Error") {
      end = phase;
      if (failFast) break;
    }
  }
  return end;
}
