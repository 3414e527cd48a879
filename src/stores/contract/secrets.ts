/** Where secrets come from. Values never leave the process but to the tasks that declare them. */
export interface Secrets {
  /** For messages: `environment, dotenv (.env)`. */
  readonly name: string;
  /** Undefined where there is none of that name. Throws a StoreError where the source cannot be read. */
  get(name: string): string | undefined;
}
