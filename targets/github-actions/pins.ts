/**
 * The actions that workflows use, each pinned to the commit of a release: a tag can be moved to another commit. This is
 * the only place that names them.
 */
export const pins = {
  checkout: pin("actions/checkout", "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
  upload: pin("actions/upload-artifact", "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "v7.0.1"),
  download: pin("actions/download-artifact", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
  python: pin("actions/setup-python", "5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
  node: pin("actions/setup-node", "820762786026740c76f36085b0efc47a31fe5020", "v7.0.0"),
} as const;

function pin(action: string, commit: string, release: string): { readonly uses: string; readonly release: string } {
  return { uses: `${action}@${commit}`, release };
}

/** What stands behind a `uses` in the file: the release of a pinned action. */
export function commentOf(uses: string): string | undefined {
  // The audit asks for a pin, which what is in the same commit has already.
  if (uses.startsWith("./")) return " zizmor: ignore[self-repository]";
  const found = Object.values(pins).find((each) => each.uses === uses);
  return found === undefined ? undefined : ` ${found.release}`;
}
