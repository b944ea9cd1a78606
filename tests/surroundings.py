"""What a caller has of its own, in the whole process: to be compared before and after."""

from __future__ import annotations

import gc
import locale
import logging
import os
import random
import signal
import socket
import sys
import threading
import warnings
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn
import torch


def surroundings() -> dict[str, Any]:
    """Everything that a library leaves as it was, by name."""
    backends = torch.backends
    return {
        "torch's random state": torch.get_rng_state().tolist(),
        "CUDA's random state": [s.tolist() for s in torch.cuda.get_rng_state_all()],
        "numpy's random state": repr(np.random.get_state()),
        "python's random state": random.getstate(),
        "torch's threads": torch.get_num_threads(),
        "default dtype": torch.get_default_dtype(),
        "default device": torch.get_default_device(),
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled("cuda")),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "anomaly detection": torch.is_anomaly_enabled(),
        "cudnn": (backends.cudnn.benchmark, backends.cudnn.deterministic, backends.cudnn.allow_tf32),
        "matmul precision": torch.get_float32_matmul_precision(),
        "print options": torch._tensor_str.PRINT_OPTS,
        "rcParams": dict(matplotlib.rcParams),
        "backend": matplotlib.get_backend(auto_select=False),
        "figures": plt.get_fignums(),
        "warnings": list(warnings.filters),
        "showing warnings": warnings.showwarning,
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "log handlers": list(logging.root.handlers),
        "log level": logging.root.level,
        "logs without handlers": logging.lastResort,
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "path of imports": list(sys.path),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "hooks": (sys.excepthook, sys.displayhook, threading.excepthook),
        "numpy's errors": np.geterr(),
        "numpy's print options": repr(np.get_printoptions()),
        "pandas' options": [pd.get_option(name) for name in ("display.width", "display.precision")],
        "scikit-learn's options": sklearn.get_config(),
        "locale": locale.setlocale(locale.LC_ALL),
        "garbage collection": gc.isenabled(),
        "recursion": sys.getrecursionlimit(),
        "time to connect": socket.getdefaulttimeout(),
        "threads": sorted(thread.name for thread in threading.enumerate()),
    }


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The names of what is not as it was."""
    return [name for name in before if before[name] != after[name]]
