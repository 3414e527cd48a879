export interface PostgresSettings {
  readonly url: string;
  /** Of the tables. */
  readonly schema: string;
  /** Host and database, for messages. */
  readonly name: string;
}
