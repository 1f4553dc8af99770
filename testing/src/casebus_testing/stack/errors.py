"""What can keep the stack from running."""


class StackError(Exception):
    """Something the stack needs is missing or broken. The message is one sentence for people."""
