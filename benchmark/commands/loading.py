"""Says which library a command is waiting for, where that takes longer than a moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

# From quick to slow; once one is said, only a slower one is worth another line.
SLOW = {"pandas": 0, "scipy": 0, "torch": 1, "timm": 1, "sklearn": 1, "mlflow": 1}
SLOW |= {"diffusers": 1, "transformers": 1}
PATIENCE = 1.0  # seconds in silence


class Loading(MetaPathFinder):
    """Finds nothing; it is asked first for every module, and so knows what is being imported."""

    def __init__(self, slow: Mapping[str, int] = SLOW, patience: float = PATIENCE) -> None:
        self.slow, self.patience = slow, patience
        self.last = ""  # the slow library whose import began last
        self.said = -1  # how slow the one was that was said
        self.timer: threading.Timer | None = None

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Note that a slow library begins, and let the clock run."""
        if self.slow.get(fullname, -1) > self.said:
            self.last = fullname
            if self.timer is None or not self.timer.is_alive():
                self.timer = threading.Timer(self.patience, self._say)
                self.timer.daemon = True
                self.timer.start()
        return None

    def stop(self) -> None:
        """Say no more."""
        if self.timer is not None:
            self.timer.cancel()

    def _say(self) -> None:
        spec = getattr(sys.modules.get(self.last), "__spec__", None)
        if getattr(spec, "_initializing", True):  # it is still being imported
            self.said = self.slow[self.last]
            sys.stderr.write(f"Loading {self.last} ...\n")
            sys.stderr.flush()


@contextmanager
def loading_is_said() -> Iterator[None]:
    """Say on standard error what is loading; twice in a command at most."""
    finder = Loading()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        finder.stop()
        sys.meta_path.remove(finder)
