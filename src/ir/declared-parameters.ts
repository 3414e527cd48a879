import type { DeclaredParameters } from "../protocol/declared-parameters.ts";
import { isArray, isObject, type Json } from "../protocol/json.ts";
import type { Node, Pipeline } from "./pipeline.ts";
import { walkNodes } from "./walk.ts";

/** What a pipeline says of its parameters: in its document, and by what its steps use and return. */
export function declaredParameters({ parameters, parameterSchema, root }: Pipeline): DeclaredParameters {
  const types = Object.entries(parameterSchema).map(([name, schema]) => [name, typesOf(schema)] as const);
  const used = new Set([...walkNodes(root)].flatMap(namesOf));
  return {
    defaults: parameters,
    types: Object.fromEntries(types),
    names: [...used].filter((name) => !Object.hasOwn(parameters, name) && !Object.hasOwn(parameterSchema, name)),
  };
}

/** Empty: all. */
function typesOf(schema: Json): readonly string[] {
  const type = isObject(schema) ? schema.type : undefined;
  const types = isArray(type) ? type : type === undefined ? [] : [type];
  return types.filter((each) => typeof each === "string");
}

function namesOf(node: Node): readonly string[] {
  switch (node.kind) {
    case "task":
      return node.returns.map(({ name }) => name);
    // What a map and a loop call their items and indices is theirs: to give it to a run means nothing.
    case "map":
      return [node.iterateOn];
    case "conditional":
      return [node.parameter];
    case "loop":
      return [node.breakOn];
    case "stub":
    case "parallel":
    case "dag":
      return [];
  }
}
