import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { type Json, printJson } from "../../../src/protocol/json.ts";
import { conformanceCases } from "../../conformance/cases.ts";
import { randomCase } from "../../conformance/random-case.ts";
import { type CompiledWorkflows, compileForGithub } from "./compile-github-actions.ts";

/** A pipeline with its workflows. */
export interface Compiled extends CompiledWorkflows {
  readonly name: string;
}

/** All conformance cases, and random pipelines; without those that GitHub's limits refuse. */
export function compiledCorpus(count = Number(process.env.PIPELINES ?? 50)): readonly Compiled[] {
  const cases = conformanceCases().map(({ name, folder }) => {
    const readFile = (file: string): string | undefined => {
      const place = path.join(folder, file);
      return existsSync(place) ? readFileSync(place, "utf8") : undefined;
    };
    const configuration = parse(readFile("magnus-config.yaml") ?? "{}");
    const options = configuration.targets?.["github-actions"] ?? {};
    return { name, ...compileForGithub(readFile("pipeline.yaml") ?? "", { readFile, options }) };
  });
  const random = Array.from({ length: count }, (_, seed) => randomPipeline(seed)).filter((each) => each !== undefined);
  return [...cases, ...random].filter(({ files }) => files.size > 0);
}

/** A random pipeline; undefined where it has no way to success, which the compiler refuses. */
export function randomPipeline(seed: number): Compiled | undefined {
  const text = printJson(randomCase(seed).document as Json);
  try {
    return { name: `random ${seed}`, ...compileForGithub(text) };
  } catch {
    return undefined;
  }
}
