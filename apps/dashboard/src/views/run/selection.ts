export type Selection = {
  /** The task that is looked at, by key; a node's name stands for one that has no task. */
  selected: string | null;
  select: (key: string | null) => void;
};
