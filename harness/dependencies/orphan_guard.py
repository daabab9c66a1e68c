"""Becomes another program, as another user when root asks for it, that cannot outlive the process that started it.

Run as a script, by path and without the project on `sys.path`, so that it starts in 20 ms:
`python -I -S orphan_guard.py PARENT_PID SIGNAL USER|- PROGRAM ARGUMENT…`
The kernel sends SIGNAL when the *thread* that started the program ends (prctl(2), PR_SET_PDEATHSIG): start it
from a thread that lasts. Changing the user clears that, so the user is changed first.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def become_user(name: str) -> None:
    """Give up root for the user `name`, its group and no other groups."""
    account = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def die_with(parent_pid: int, signal_number: int) -> None:
    """Ask the kernel for `signal_number` when the parent ends; leave at once where it has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent_pid:
        sys.exit(f"process {parent_pid}, which asked for this one, is gone")


def main(parent_pid: str, signal_number: str, user: str, *program: str) -> None:
    """Replace this process by `program`."""
    if user != "-":
        become_user(user)
    die_with(int(parent_pid), int(signal_number))
    os.execv(program[0], program)  # noqa: S606


if __name__ == "__main__":
    main(*sys.argv[1:])
