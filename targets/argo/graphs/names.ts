import { checksum, type NameScope, nameScope } from "../../../src/target/name-scope.ts";

/** Of tasks in one dag (Argo: `[a-zA-Z][-a-zA-Z0-9]*`, 128; an expression reads a keyword as such, and a dash as minus). */
export function taskNames(reserved: readonly string[]): NameScope {
  const clean = (wanted: string): string => {
    const kept = dashed(wanted, /[^A-Za-z0-9]+/g);
    return /^[A-Za-z]/.test(kept) && !keywords.has(kept) ? kept : `step-${kept}`;
  };
  return nameScope({ clean, longest: 60, reserved });
}

/** Of templates (they become part of pod names, so lower case; 63 with the suffix of a chain's part). */
export function templateNames(): NameScope {
  return nameScope({ clean: (wanted) => dashed(wanted.toLowerCase(), /[^a-z0-9]+/g) || "step", longest: 50 });
}

/** Lower case, for the workflow itself. */
export function workflowName(text: string, longest: number): string {
  const clean = dashed(text.toLowerCase(), /[^a-z0-9]+/g);
  return (clean === "" ? `pipeline-${checksum(text)}` : clean).slice(0, longest).replace(/-+$/, "");
}

const keywords = new Set("in not and or let if else true false nil matches contains startsWith endsWith".split(" "));

function dashed(text: string, other: RegExp): string {
  return text.replace(other, "-").replace(/^-+|-+$/g, "");
}

/** Names of the templates that are not a graph's. */
export const ownTemplates = { root: "pipeline", join: "join", closing: "closing", verdict: "verdict" } as const;
