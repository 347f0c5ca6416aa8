"""The first instant of a server's process: give up root, promise to die with the parent, become PostgreSQL.

Run as a program of its own, `python -I -S launch.py ORDER`, with a JSON object:

  argv     what to become; `{state}` stands for the state folder
  state    the state folder as the parent sees it
  account  [uid, gid] to become, or null to stay
  parent   process id of the parent
  leash    true: end when the parent ends (Linux)

A separate program, because nothing may run between fork and exec of a process that has threads, and because the
death signal has to be asked for after the change of user, which clears it. Standard library only.
"""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000

# Folders that the Filesystem Hierarchy Standard keeps for temporary mounts: nobody's programs live there.
MOUNT_POINTS = ("/mnt", "/media", "/srv")


def reaches(uid: int, gid: int, folder: str) -> bool:
    """Whether the account can enter the folder, as the kernel sees it: modes, parents and access lists included."""
    os.setgroups([gid])
    os.setegid(gid)
    os.seteuid(uid)
    try:
        os.stat(f"{folder}/.")  # noqa: PTH116  pathlib drops the dot, and the dot is the question
    except PermissionError:
        return False
    else:
        return True
    finally:
        os.seteuid(0)
        os.setegid(0)


def mount(libc: ctypes.CDLL, source: str, target: str, flags: int) -> None:
    if libc.mount(source.encode(), target.encode(), None, ctypes.c_ulong(flags), None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def within_reach(uid: int, gid: int, folder: str) -> str:
    """A path by which the account reaches the folder; the private view ends with the process.

    A parent that only root may enter hides the folder. Opening the parent would be a change behind the owner's back, so
    this one process gets a mount of the folder that nobody else sees. OSError: no such mount is allowed here.
    """
    if reaches(uid, gid, folder):
        return folder
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), folder)
    mount(libc, "none", "/", MS_REC | MS_PRIVATE)
    for point in MOUNT_POINTS:
        if Path(point).is_dir() and reaches(uid, gid, point):
            mount(libc, folder, point, MS_BIND)
            if reaches(uid, gid, point):
                return point
    raise PermissionError(f"no way for account {uid} into {folder}")


def main() -> None:
    order = json.loads(sys.argv[1])
    state: str = order["state"]
    if order["account"] is not None:
        uid, gid = order["account"]
        try:
            state = within_reach(uid, gid, state)
        except OSError as error:
            sys.exit(
                f"The account that runs PostgreSQL cannot enter {order['state']} ({error}). Choose a data folder that "
                "every account may pass through (RESCIND_DATA), or set DATABASE_URL to a server of your own."
            )
        os.setgroups([gid])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    os.chdir(state)
    if order["leash"] and sys.platform == "linux":
        # Fast shutdown: open transactions roll back, the data folder is left clean.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != order["parent"]:
            sys.exit("The parent is gone already.")
    argv = [word.replace("{state}", state) for word in order["argv"]]
    os.execv(argv[0], argv)  # noqa: S606  no shell, and no return


if __name__ == "__main__":
    main()
