"""What goes wrong on a machine, said in sentences."""


class MachineProblem(Exception):
    """The machine does not give what Workledger needs. ``problems`` say what and what to do about it."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


def explain_os_error(error: OSError, doing: str) -> MachineProblem:
    """Turn an operating system error met while ``doing`` something into a sentence."""
    reason = error.strerror or str(error)
    return MachineProblem(f"{doing} failed: {reason[:1].lower()}{reason[1:]}. {_advice(error)}".strip())


def _advice(error: OSError) -> str:
    if isinstance(error, PermissionError) or error.errno == 30:  # EROFS, a read-only file system
        return "Give this user permission to write there, or set WORKLEDGER_HOME to another folder."
    if error.errno in {28, 122}:  # ENOSPC and EDQUOT
        return "Free some disk space, or set WORKLEDGER_HOME to a folder on another disk."
    return ""
