"""Becomes a server process: `python -I -S launch.py DEATH_SIGNAL AS_USER PARENT_PID PROGRAM ARGUMENT...`.

A program of its own and not a `preexec_fn`, because the parent may have threads. Standard
library only. DEATH_SIGNAL: the signal this process gets when its parent dies, 0 for none.
AS_USER: `self`, `namespace` (looks like an ordinary user inside a user namespace, for
servers that refuse root), or a numeric user id to change to.
"""

import ctypes
import os
import pwd
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOBODY = 65534


def ordinary_user() -> int:
    """`nobody` where there is one, else the last user who has a name."""
    users = [entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid]
    return NOBODY if NOBODY in users or not users else users[-1]


def enter_user_namespace() -> None:
    """Maps our own user to one with a name, which initdb looks up. Raises OSError where namespaces are off."""
    user, group, inside = os.geteuid(), os.getegid(), ordinary_user()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{inside} {user} 1"),
        ("gid_map", f"{inside} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def become(user: int) -> None:
    """Gives up root for the numeric user."""
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


def die_with(parent: int, signal_number: int) -> None:
    """Asks the kernel for the signal at the parent's death. After any change of user, which would forget it."""
    if not signal_number or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        os._exit(1)


def main(death_signal: str, as_user: str, parent: str, *command: str) -> None:
    """Changes this process and then runs the command in its place."""
    if as_user == "namespace":
        enter_user_namespace()
    elif as_user != "self":
        become(int(as_user))
    die_with(int(parent), int(death_signal))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
