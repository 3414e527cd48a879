import type { Frontend } from "./frontend.ts";
import { yamlFrontend } from "./yaml-frontend.ts";

/** Whatever a pipeline can be written in. */
export const frontends: readonly Frontend[] = [yamlFrontend];

/** Who reads an input. What nobody claims is YAML: a file may have any name. */
export function frontendFor(input: string, among: readonly Frontend[] = frontends): Frontend {
  return among.find((frontend) => frontend.reads(input)) ?? yamlFrontend;
}
