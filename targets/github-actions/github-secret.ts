import type { GithubOptions } from "./options.ts";

/** A secret's name in GitHub. */
export function githubSecret(name: string, { secrets }: GithubOptions): string {
  return Object.hasOwn(secrets, name) ? (secrets[name] ?? name) : name;
}
