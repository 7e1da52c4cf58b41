"""Data: what a Dataset is, and how it is read."""
