import type { TaskNode } from "../ir/pipeline.ts";
import { walkNodes } from "../ir/walk.ts";
import type { Rule, RuleContext } from "./rule.ts";

/** What each type of command must look like before anything can be run. */
export const checkCommands: Rule = ({ root }, context) => {
  for (const node of walkNodes(root))
    if (node.kind === "task" && !context.uncertain.keys.has(node)) checkCommand(node, context);
};

function checkCommand(node: TaskNode, { sink, places }: RuleContext): void {
  const { command, commandType, name } = node;
  const span = places.of(node, "command");
  if (commandType === "container" && node.image === undefined) {
    sink.report("container-without-image", {
      step: name,
      span: places.exactly(node, ["command_type"], "value") ?? span,
    });
  }
  if (typeof command === "string" ? command.trim() === "" : command.length === 0) {
    sink.report("empty-command", { step: name, span });
    return;
  }
  // A list for another type was reported as that.
  if (typeof command !== "string") return;
  if (commandType === "python") {
    const problem = problemOfPython(command);
    if (problem !== undefined) sink.report("python-command", { command, ...problem, span });
  }
  if (commandType === "notebook" && !command.endsWith(".ipynb")) sink.report("notebook-command", { command, span });
  if (commandType === "node" && !/^[^#]+#[^#]+$/.test(command)) sink.report("node-command", { command, span });
}

function problemOfPython(
  command: string,
): { readonly cause: string; readonly instead: string | undefined } | undefined {
  const colon = /^([\w.]+):(\w+)$/.exec(command);
  if (colon !== null)
    return { cause: "the function follows a dot, not a colon", instead: `write ${colon[1]}.${colon[2]}` };
  if (/[/\\]/.test(command) || command.endsWith(".py")) {
    const dotted = command
      .replace(/^\.\//, "")
      .replace(/\.py$/, "")
      .replace(/[/\\]+/g, ".");
    const instead = /^[\w.]+$/.test(dotted)
      ? `write ${dotted}.function; to run the file itself, use command_type: shell`
      : undefined;
    return { cause: "it is the name of a file", instead };
  }
  if (/\s|[()=|;&]/.test(command))
    return { cause: "it is more than a name", instead: "for a shell's command add `command_type: shell`" };
  if (!command.includes(".")) return { cause: "there is no dot in it, so no module", instead: undefined };
  if (!command.split(".").every((part) => /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(part))) {
    return { cause: "a part of it is not a valid Python name", instead: undefined };
  }
  return undefined;
}
