import type { TaskNode } from "../ir/pipeline.ts";
import { walkNodes } from "../ir/walk.ts";
import { maxEnvironmentValue } from "../protocol/environment-names.ts";
import type { Span } from "../source/source-file.ts";
import type { Rule, RuleContext } from "./rule.ts";

/** Texts that no process could be started with, and names that no environment can have. */
export const checkEnvironment: Rule = ({ root }, context) => {
  for (const node of walkNodes(root)) if (node.kind === "task") checkTask(node, context);
};

function checkTask(node: TaskNode, context: RuleContext): void {
  const { sink, places } = context;
  if (typeof node.command === "string") checkText("the command", node.command, places.of(node, "command"), context);
  else {
    for (const [index, argument] of node.command.entries()) {
      checkText(`argument ${index + 1} of the command`, argument, places.of(node, "command", index), context);
    }
  }
  for (const [name, value] of Object.entries(node.env)) checkVariable(name, value, node, context);
  for (const [index, name] of node.secrets.entries()) {
    if (!variableName.test(name))
      sink.report("bad-environment-name", { name, span: places.of(node, "secrets", index) });
  }
}

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A variable that comes from `defaults` is told at the step that inherits it. */
function checkVariable(name: string, value: string, node: TaskNode, context: RuleContext): void {
  const { sink, places } = context;
  const span = places.exactly(node, ["env", name], "value") ?? places.of(node);
  const nameSpan = places.exactly(node, ["env", name], "key") ?? span;
  if (!variableName.test(name)) sink.report("bad-environment-name", { name, span: nameSpan });
  if (/^MAGNUS_(?:RUN_ID|RUN_TAG|STEP|ATTEMPT|MAP_VARIABLE|PARAMETERS_FILE|OUTPUT_FILE)$/.test(name)) {
    sink.report("reserved-environment-name", { name, span: nameSpan });
  }
  checkText(`the value of "${name}"`, value, span, context);
  if (value.length * 3 <= maxEnvironmentValue) return;
  const bytes = new TextEncoder().encode(value).length;
  if (bytes > maxEnvironmentValue) sink.report("env-too-long", { name, bytes, limit: maxEnvironmentValue, span });
}

function checkText(label: string, text: string, span: Span | undefined, { sink }: RuleContext): void {
  if (text.includes("\0")) sink.report("nul-character", { label, span });
  const half = /\p{Surrogate}/u.exec(text)?.[0];
  if (half === undefined) return;
  const written = `\\u${half.charCodeAt(0).toString(16)}`;
  sink.report("lone-surrogate", { label, text: written, span });
}
