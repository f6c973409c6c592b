"""Run a command with limits: python -I -S limited.py PROCESSES USER COMMAND... Only what comes with Python is imported.

USER: the number of the user to become; 0 for none. Whoever it runs as, it can gain no privilege again.
"""

import ctypes
import os
import resource
import signal
import sys

LIMITS = {
    "STACK": 2 * 1024**2,  # bytes, of each thread: with the usual 8 MB, addresses would end at 250 threads
    "AS": 2 * 1024**3,  # bytes of addresses
    "NOFILE": 1024,
    "FSIZE": 16 * 1024**2,  # bytes of a file
    "CORE": 0,
    "CPU": 300,  # seconds of a process
}
SET_PDEATHSIG, SET_NO_NEW_PRIVS, CAPBSET_DROP = 1, 38, 24  # prctl(2)


def main():
    limits = {**LIMITS, "NPROC": int(sys.argv[1])}  # processes and threads of this user
    for name, most in limits.items():
        try:
            hard = resource.getrlimit(getattr(resource, "RLIMIT_" + name))[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(getattr(resource, "RLIMIT_" + name), (least, least))
        except (ValueError, OSError, AttributeError):
            pass  # macOS has no such limit, or no way to set it
    linux = sys.platform.startswith("linux")
    if linux:
        prctl = ctypes.CDLL(None).prctl
        for capability in range(64):
            prctl(CAPBSET_DROP, capability, 0, 0, 0)
    if user := int(sys.argv[2]):
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    if linux:
        prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # not to outlive the checks; a change of user would clear it
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execv(sys.argv[3], sys.argv[3:])


if __name__ == "__main__":
    main()
