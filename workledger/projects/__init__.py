"""The work: projects, phases, tasks in a tree, each task mapped to a contract line."""
