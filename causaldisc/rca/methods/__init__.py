"""Ways to rank, one module each, found by the registry: see base.py."""
