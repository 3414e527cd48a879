import type { Node } from "../ir/pipeline.ts";
import { walkNodes } from "../ir/walk.ts";
import { parameterName } from "../protocol/environment-names.ts";
import { isGuardedName } from "../protocol/guarded-names.ts";
import type { Way } from "../source/source-document.ts";
import type { Rule } from "./rule.ts";

/** Names of parameters wherever steps write them. */
export const checkParameterNames: Rule = ({ root }, { sink, places, uncertain }) => {
  for (const node of walkNodes(root)) {
    for (const { name, way, part } of parametersOf(node)) {
      const span = places.exactly(node, way, part) ?? places.of(node, ...way);
      if (parameterName.test(name) && name !== "__proto__") {
        if (isGuardedName(name) && node.kind !== "conditional") sink.report("guarded-parameter-name", { name, span });
      } else if (name !== "" || !uncertain.keys.has(node)) sink.report("bad-parameter-name", { from: "", name, span });
    }
  }
};

interface Written {
  readonly name: string;
  readonly way: Way;
  readonly part: "key" | "value";
}

function parametersOf(node: Node): readonly Written[] {
  switch (node.kind) {
    case "task":
      return node.returns.map(({ name }, index) => ({ name, way: ["returns", index, "name"], part: "value" }));
    case "map": {
      const { reduce } = node;
      const reduced = typeof reduce === "string" ? [] : Object.keys(reduce);
      return [
        value("iterate_on", node.iterateOn),
        value("iterate_as", node.iterateAs),
        ...reduced.map((name): Written => ({ name, way: ["reduce", name], part: "key" })),
      ];
    }
    case "conditional":
      return [value("parameter", node.parameter)];
    case "loop":
      return [
        value("break_on", node.breakOn),
        ...(node.indexAs === undefined ? [] : [value("index_as", node.indexAs)]),
      ];
    case "stub":
    case "parallel":
    case "dag":
      return [];
  }
}

function value(key: string, name: string): Written {
  return { name, way: [key], part: "value" };
}
