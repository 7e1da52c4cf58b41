"""Root causes of an anomaly: how far each metric deviates, and what of it its causes in a graph account for."""
