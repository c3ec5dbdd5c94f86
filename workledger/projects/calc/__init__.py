"""Pure calculation of projects: the tree of tasks, codes, burn."""
