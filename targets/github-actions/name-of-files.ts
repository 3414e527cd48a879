import { checksum } from "../../src/target/name-scope.ts";

/**
 * What a pipeline is called in names of files and artifacts, and in their patterns: letters, digits, `_`, `.` and single
 * dashes, none first or last. Elsewhere than in such names text could be evaluated, matched or refused; two dashes stand
 * between a pipeline and its map. Another name gets a checksum, so that two pipelines never share files.
 */
export function nameOfFiles(pipeline: string): string {
  const plain = pipeline.replace(/[^A-Za-z0-9._]+|-{2,}/g, "-").replace(/^[-.]+|[-.]+$/g, "");
  if (plain === pipeline && plain.length <= longest) return plain;
  return `${plain.slice(0, longest) || "pipeline"}-${checksum(pipeline)}`;
}

/** Names of files have 255 bytes: this one, a map's of 60, and what stands between and behind. */
const longest = 100;
