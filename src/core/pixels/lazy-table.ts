/** A table that is made when it is first asked for. */
export function lazyTable<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
