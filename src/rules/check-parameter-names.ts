import type { Node } from "../ir/pipeline.ts";
import { walkNodes } from "../ir/walk.ts";
import { parameterName } from "../protocol/environment.ts";
import { isGuardedName } from "../protocol/guarded-names.ts";
import type { Span } from "../source/source-file.ts";
import type { Rule } from "./rule.ts";

/** Names of parameters wherever steps write them. */
export const checkParameterNames: Rule = ({ root }, { sink }) => {
  for (const node of walkNodes(root)) {
    for (const [name, span] of parametersOf(node)) {
      if (parameterName.test(name) && name !== "__proto__") {
        if (isGuardedName(name) && node.kind !== "conditional") {
          sink.report("guarded-parameter-name", { name, span: span ?? node.spans.name });
        }
        continue;
      }
      // What is no text was told, and lowers to an empty name.
      if (name === "" && sink.hasErrorAt(span)) continue;
      sink.report("bad-parameter-name", { from: "", name, span: span ?? node.spans.name });
    }
  }
};

/** An absent key lowers to an empty name, which was reported. */
function parametersOf(node: Node): readonly (readonly [name: string, span: Span | undefined])[] {
  const { keys } = node.spans;
  const at = (key: string, name: string | undefined): readonly [string, Span | undefined][] =>
    name === undefined || !keys.has(key) ? [] : [[name, keys.get(key)]];
  switch (node.kind) {
    case "task":
      return node.returns.map(({ name }, index) => [
        name,
        keys.get(`returns.${index}.name`) ?? keys.get(`returns.${index}`),
      ]);
    case "map":
      return [
        ...at("iterate_on", node.iterateOn),
        ...at("iterate_as", node.iterateAs),
        ...(typeof node.reduce === "string"
          ? []
          : Object.keys(node.reduce).map((name) => [name, keys.get(`reduce.${name}:`)] as const)),
      ];
    case "conditional":
      return at("parameter", node.parameter);
    case "loop":
      return [...at("break_on", node.breakOn), ...at("index_as", node.indexAs)];
    case "stub":
    case "parallel":
    case "dag":
      return [];
  }
}
