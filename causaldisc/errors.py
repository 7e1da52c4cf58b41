"""What can go wrong, each with the exit code that the shell sees."""


class CausaldiscError(Exception):
    """An error whose message is one sentence for the user: what, where, remedy."""

    exit_code = 4


class UsageError(CausaldiscError):
    """The request makes no sense, whatever the data are."""

    exit_code = 2


class DataError(CausaldiscError):
    """An input (data, graph or knowledge file) cannot be used as it is."""

    exit_code = 3


class ComputationError(CausaldiscError):
    """The computation failed or hit a limit."""

    exit_code = 4
