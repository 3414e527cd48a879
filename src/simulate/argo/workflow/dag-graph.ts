import type { Task } from "./workflow.ts";

/** A dag's tasks as a graph; made once for a template. */
export interface DagGraph {
  /** Each task after those that it depends on; of the leaves in the order of their names, as the controller goes. */
  readonly order: readonly string[];
  /** Tasks that no other depends on: they decide how the dag ends. */
  readonly leaves: readonly string[];
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** `depends` with every bare name written out; empty where the task waits for none. */
  readonly logic: ReadonlyMap<string, string>;
}

export function dagGraph(tasks: readonly Task[]): DagGraph {
  const dependencies = new Map<string, readonly string[]>();
  const logic = new Map<string, string>();
  for (const task of tasks) {
    const depends = task.depends ?? (task.dependencies ?? []).join(" && ");
    dependencies.set(task.name, dependenciesIn(depends));
    logic.set(task.name, writtenOut(depends));
  }
  const needed = new Set([...dependencies.values()].flat());
  const leaves = tasks
    .map(({ name }) => name)
    .filter((name) => !needed.has(name))
    .sort();
  return { order: postorder(leaves, dependencies), leaves, dependencies, logic };
}

/** Argo's pattern (ancestry.go): `name.Result`, or a bare name. */
const taskName = /([a-zA-Z0-9][-a-zA-Z0-9]*?\.[A-Z][a-zA-Z]+)|([a-zA-Z0-9][-a-zA-Z0-9]*)/g;

export function dependenciesIn(depends: string): readonly string[] {
  return [...new Set([...depends.matchAll(taskName)].map(([match]) => match.split(".")[0] ?? match))];
}

/** The results that are asked of one task, as `Failed`. */
export function resultsAsked(depends: string, task: string): readonly string[] {
  return [...depends.matchAll(taskName)].flatMap(([match]) => {
    const [name, result = "Succeeded"] = match.split(".");
    return name === task ? [result] : [];
  });
}

function writtenOut(depends: string): string {
  return depends.replace(taskName, (match, withResult: string | undefined) =>
    withResult === undefined ? `(${match}.Succeeded || ${match}.Skipped || ${match}.Daemoned)` : match,
  );
}

function postorder(leaves: readonly string[], dependencies: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  for (const leaf of leaves) {
    const stack: { readonly name: string; next: number }[] = [];
    const enter = (name: string): void => {
      if (seen.has(name)) return;
      seen.add(name);
      stack.push({ name, next: 0 });
    };
    enter(leaf);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const dependency = dependencies.get(top.name)?.[top.next++];
      if (dependency !== undefined) enter(dependency);
      else {
        order.push(top.name);
        stack.pop();
      }
    }
  }
  return order;
}

/** The tasks before a task, near and far. */
export function ancestorsOf({ dependencies }: DagGraph, task: string): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...(dependencies.get(task) ?? [])];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    waiting.push(...(dependencies.get(name) ?? []));
  }
  return found;
}
