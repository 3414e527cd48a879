/** Events that cannot be those of one run: a log that was changed by somebody, or put together from several. */
export class DamagedLogError extends Error {
  override readonly name = "DamagedLogError";
}
