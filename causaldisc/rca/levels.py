"""What is ranked."""

from enum import Enum


class Level(Enum):
    """Metrics, or the services that they are of."""

    METRIC = "metric"
    SERVICE = "service"
