"""Drawings of graphs: a layered layout that puts causes above effects, and what is made of it."""
