"""Constraint-based search: skeleton, colliders, orientation; shared by every algorithm that tests."""
