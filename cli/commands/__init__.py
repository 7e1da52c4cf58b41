"""Commands that are no algorithm: one file each, with `command()`; its first line is the line of the help."""
