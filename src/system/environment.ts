/** Environment variables by name, as `process.env`. */
export type Environment = { readonly [name: string]: string | undefined };

/** What a process is given: every one is set. */
export type Variables = { readonly [name: string]: string };
