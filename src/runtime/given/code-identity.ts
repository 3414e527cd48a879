import { spawnSync } from "node:child_process";

/** The git commit of a folder and whether it differs from it; empty outside a checkout or without git. */
export function codeIdentity(folder: string): { readonly commit?: string; readonly dirty?: boolean } {
  const git = (...args: string[]): string | undefined => {
    const { status, stdout } = spawnSync("git", args, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return status === 0 ? stdout.trim() : undefined;
  };
  const commit = git("rev-parse", "--verify", "-q", "HEAD");
  if (commit === undefined) return {};
  const changes = git("status", "--porcelain", "--untracked-files=no");
  return changes === undefined ? { commit } : { commit, dirty: changes !== "" };
}
