"""Words for messages."""

from __future__ import annotations


def counted(n: int, what: str) -> str:
    """Return '1 test', '2,345 tests'."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
