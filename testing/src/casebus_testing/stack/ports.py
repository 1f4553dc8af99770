"""Free ports on loopback."""

import errno
import itertools
import random
import socket

from casebus_testing.stack.errors import StackError

LOOPBACK = "127.0.0.1"
# Below the range from which the system takes ports for outgoing connections, so that a
# server that is restarted finds its port free.
LOWEST, HIGHEST = 12_000, 32_000
TRIES = 200

_given: set[int] = set()  # a server that is about to start does not listen yet


def free_ports(count: int) -> list[int]:
    """Different ports nobody listens on at this moment, and that this process did not get before."""
    candidates = (port for port in random.sample(range(LOWEST, HIGHEST), TRIES) if port not in _given)
    found = list(itertools.islice(filter(_is_free, candidates), count))
    if len(found) < count:
        raise StackError(f"There are not {count} free ports on {LOOPBACK}.")
    _given.update(found)
    return found


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise StackError(f"Nothing can listen on {LOOPBACK}: {error.strerror}.") from error
            return False
    return True
