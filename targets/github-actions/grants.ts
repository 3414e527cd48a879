/** What a file is given by those who call it: secrets, and permissions of the token. */
import { type File, leavesOf } from "./conditions/sites.ts";
import { githubSecret } from "./github-secret.ts";
import { type GithubOptions, jobOptions } from "./options.ts";
import type { Permissions } from "./services.ts";

/** GitHub's names of the secrets that a file uses, those of files that it calls among them. */
export function secretsOfFile({ graph }: File, options: GithubOptions): readonly string[] {
  const leaves = leavesOf(graph);
  const ofSteps = leaves.flatMap(({ node: { node } }) => (node.kind === "task" ? node.secrets : []));
  const overrides = new Set(leaves.map(({ node: { node } }) => node.overrides["github-actions"]));
  const names = [
    ...ofSteps.map((name) => githubSecret(name, options)),
    ...secretsIn(options.env),
    ...[...overrides].flatMap((override) => {
      const { container, environment, env, setup } = jobOptions(override, options);
      return secretsIn({ container, environment, env, setup });
    }),
  ];
  return [...new Set(names)].sort();
}

/** Those that options name themselves, such as a password of a registry. The token is there without being handed on. */
function secretsIn(options: unknown): readonly string[] {
  const text = JSON.stringify(options) ?? "";
  const expressions = [...text.matchAll(/\$\{\{.*?\}\}/g)].map(([expression]) => expression);
  const named = expressions.flatMap((expression) => [...expression.matchAll(/\bsecrets\.([A-Za-z_]\w*)/gi)]);
  return named.flatMap(([, name = ""]) => (/^github_token$/i.test(name) ? [] : [name]));
}

/** What a job that calls a file has to grant: all that its jobs are granted. `all`: what each of them is. */
export function permissionsOfFile({ graph }: File, options: GithubOptions, all: Permissions): Permissions {
  const granted: Record<string, string> = { contents: "read", ...all };
  for (const { node } of leavesOf(graph)) {
    const { permissions = {} } = jobOptions(node.node.overrides["github-actions"], options);
    for (const [scope, access] of Object.entries(permissions)) if (granted[scope] !== "write") granted[scope] = access;
  }
  return granted;
}
