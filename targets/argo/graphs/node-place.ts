import type { Parameter } from "./task.ts";

/** Where something stands: its names from the root, and the text of the indices around it. */
export interface NodePlace {
  readonly names: readonly string[];
  /** Inside of an argument; undefined: no map or loop is around it. */
  readonly at: string | undefined;
}

/** The indices as a template that has them as its input sees them. */
export function inner({ at }: NodePlace): string | undefined {
  return at === undefined ? undefined : "{{inputs.parameters.at}}";
}

/** A template's inputs as arguments of the same names. */
export function passedOn(inputs: readonly string[]): readonly Parameter[] {
  return inputs.map((name) => ({ name, value: `{{inputs.parameters.${name}}}` }));
}

/** A node of what stands there. */
export function inside({ names, at }: NodePlace, name: string): NodePlace {
  return { names: [...names, name], at };
}

/** For people. */
export function shown({ names }: NodePlace): string {
  return names.join(".").replace(/\s+/g, " ");
}

/** The indices as an argument, where there are some. */
export function atParameter({ at }: NodePlace): readonly Parameter[] {
  return at === undefined ? [] : [{ name: "at", value: at }];
}
