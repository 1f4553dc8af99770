"""What the command line says when it cannot go on."""


class CliError(Exception):
    """One clear sentence for the person at the terminal; exit status 2."""
