import { evaluateCondition } from "../expressions/evaluate-expression.ts";
import { environmentOf } from "../expressions/substitute.ts";
import { ExpressionError } from "../expressions/tokenize-expression.ts";
import { isFulfilled, type Node } from "./node.ts";
import { addChild, type Simulation, setPhase } from "./simulation.ts";

/** Hooks of the workflow, at each pass; false while one runs (hooks.go). */
export function runHooks(simulation: Simulation, root: Node): boolean {
  let completed = true;
  for (const [hook, { expression = "", template, arguments: given }] of Object.entries(simulation.spec.hooks ?? {})) {
    const name = `${simulation.workflow}.hooks.${hook}`;
    if (hook === "exit" || !(simulation.nodes.has(name) || isWanted(simulation, root, hook, expression))) continue;
    const { node, failure } = simulation.runTemplate(simulation, {
      name,
      template,
      arguments: given?.parameters ?? [],
      boundary: undefined,
      task: "",
      taskKind: "steps",
    });
    addChild(simulation, root, name);
    if (failure?.kind === "error") setPhase(simulation, root, "Error", failure.message);
    if (node === undefined || !isFulfilled(node)) completed = false;
  }
  return completed;
}

function isWanted({ globals }: Simulation, root: Node, hook: string, expression: string): boolean {
  try {
    return evaluateCondition(expression, environmentOf(globals));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    root.message = `hook ${hook}: ${error.message}`;
    return false;
  }
}

/** The exit handler; undefined until it has ended. */
export function runExit(simulation: Simulation, template: string): Node | undefined {
  const { node } = simulation.runTemplate(simulation, {
    name: `${simulation.workflow}.onExit`,
    template,
    arguments: simulation.spec.arguments?.parameters ?? [],
    boundary: undefined,
    task: "",
    taskKind: "steps",
  });
  return node !== undefined && isFulfilled(node) ? node : undefined;
}
