export interface FileMode {
  readonly executable: boolean;
  /** Nine bits. */
  readonly mode?: number;
}

/** Content-addressed files: what steps `put`, by the digest of the content (`sha256:<hex>`). */
export interface CatalogStore {
  /** For messages. */
  readonly name: string;
  /** False: `do-nothing`, nothing is stored and nothing can be got. */
  readonly keeps: boolean;
  /** Stores the file's content unless it is there; resolves to digest and size. Hashes what it copies. */
  putFile(file: string): Promise<{ readonly digest: string; readonly size: number }>;
  /** Digest and size without storing. */
  digestFile(file: string): Promise<{ readonly digest: string; readonly size: number }>;
  /**
   * Writes the content to `file` (folders are made; whole or not at all; no copy where the file already has that
   * content) and verifies it. `mode`: its permissions, as far as the umask allows; absent: a new file's. Throws a CatalogError where the content is missing or damaged.
   */
  getFile(digest: string, file: string, options: FileMode): Promise<void>;
  /** Of a server, for people: where what it is asked with comes from, and until when that holds. */
  credentials?(): Promise<string>;
}
