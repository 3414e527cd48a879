/** Pipelines whose steps, or the lists of whose branches, are long. */
import type { Pod, PodEnd } from "../../../src/simulate/argo/pods/pod.ts";
import { shell } from "./compile-argo.ts";

/** A script that does not compress. */
function script(kilobytes: number, seed = 1): string {
  let state = seed;
  const letter = (): string => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n"[state >>> 26] ?? "";
  };
  return `true # ${Array.from({ length: kilobytes * 1024 }, letter)
    .join("")
    .replaceAll("\n", "\n# ")}`;
}

const task = (name: string, kilobytes: number, seed?: number): string => shell(name, script(kilobytes, seed));
const one = (kilobytes: number): string => `{steps: [${task("work", kilobytes).trim().slice(2)}]}`;
const list = (length: number): string => JSON.stringify(Array.from({ length }, (_, i) => i));
const branches = (count: number, steps: string): string =>
  Array.from({ length: count }, (_, i) => `branch-number-${i}: {steps: [${steps}]}`).join(", ");

/** By what they are. Each ran into the limit while specs were arguments. */
export const largePipelines = {
  "a map of 60 items with one script of 40 KB": `parameters: {items: ${list(60)}}
dag: {steps: [{name: each, type: map, iterate_on: items, iterate_as: item, branch: ${one(40)}}]}`,
  "a loop of 30 iterations with one script of 40 KB": `parameters: {done: false}
dag: {steps: [{name: again, type: loop, break_on: done, max_iterations: 30, branch: ${one(40)}}]}`,
  "20 steps of 40 KB": `dag:\n  steps:\n${Array.from({ length: 20 }, (_, i) => task(`s${i}`, 40, i + 1)).join("")}`,
  "three steps of 200 KB": `dag:\n  steps:\n${Array.from({ length: 3 }, (_, i) => task(`s${i}`, 200, i + 1)).join("")}`,
  "a parallel of 140 branches of two stubs": `dag: {steps: [{name: wide, type: parallel, branches: {${branches(140, "{name: first, type: stub}, {name: second, type: stub}")}}}, {name: last, type: stub}]}`,
};

/** How their pods end: a map has 60 items, a loop goes on for 30 pods. */
export function largePods(): (pod: Pod) => Promise<PodEnd> {
  const items = JSON.stringify(Array.from({ length: 60 }, (_, i) => ({ i, k: `${i}` })));
  let started = 0;
  return async ({ node }) => {
    started++;
    return { exit: 0, outputs: { control: node.includes("gather") ? items : started < 30 ? "again" : "done" } };
  };
}

/** Letters that hardly compress. */
export function noise(characters: number): string {
  let state = 7;
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return Array.from({ length: characters }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return letters[state >>> 26];
  }).join("");
}
