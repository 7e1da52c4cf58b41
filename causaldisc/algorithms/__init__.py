"""Discovery algorithms: one module a command, each with `Options` and `run`."""
