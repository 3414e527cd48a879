/** The keys that have a value: `{ ...optional({ tag }) }` leaves `tag` out where it is undefined. */
export function optional<T extends object>(keys: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
