/** Content that a catalog does not have, or has damaged. The message is one line for people. */
export class CatalogError extends Error {
  override readonly name = "CatalogError";
}
