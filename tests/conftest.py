"""What holds for every test, set before any heavy library is loaded."""

from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test may depend on a hub
# Threads that wait for each other sleep. By default they spin, and where a machine is shared
# the tests of the real model take several times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
