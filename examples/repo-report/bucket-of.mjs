/** Which of `buckets` equal parts of the time from `first` to `last` an instant falls into. */
export function bucketOf(at, { first, last, buckets }) {
  return last === first ? buckets - 1 : Math.min(buckets - 1, Math.floor(((at - first) / (last - first)) * buckets));
}
