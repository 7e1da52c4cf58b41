"""Cython kernels. Each `.pyx` has a `.pyi` for types and a slow twin in tests/reference.py."""
