/** A function of an object that computes each answer once: what leads to a step is asked for by all that follow it. */
export function remembered<Key extends object, Answer>(compute: (key: Key) => Answer): (key: Key) => Answer {
  const known = new WeakMap<Key, { readonly answer: Answer }>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found.answer;
    const answer = compute(key);
    known.set(key, { answer });
    return answer;
  };
}
