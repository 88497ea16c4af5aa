"""What the processes of the portal have in common."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(with_signal: signal.Signals) -> None:
    """Have the kernel (Linux) signal this process when the one that started it ends, even by `kill -9`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
