/** What a header says: the pipeline's file as the user named it, relative and posix, and the version of magnus. */
export interface HeaderFacts {
  readonly source: string;
  readonly version: string;
}

/** One line, without the marks of a comment. */
export type HeaderOf = (facts: HeaderFacts) => string;

export const usualHeader: HeaderOf = ({ source, version }) =>
  `Compiled by magnus ${version} from ${source.replace(/\s+/g, " ").trim()}. Change that and compile again.`;

/** Whether a text, which is the beginning of a file, has this header, whichever version of magnus wrote it. */
export function hasHeader(text: string, header: HeaderOf, source: string): boolean {
  const [before = "", after = ""] = header({ source, version: "\0" }).split("\0");
  const at = text.indexOf(before);
  const [version] = /^\S+/.exec(text.slice(at + before.length)) ?? [];
  return at >= 0 && version !== undefined && text.startsWith(after, at + before.length + version.length);
}
