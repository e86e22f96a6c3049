"""Says which library a command is waiting for, where that takes longer than a moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

SLOW = ("pandas", "scipy", "torch", "timm", "sklearn", "diffusers", "transformers", "mlflow")
PATIENCE = 1.0  # seconds in silence


class Loading(MetaPathFinder):
    """Finds nothing; it is asked first for every module, and so knows what is being imported."""

    def __init__(self, slow: Sequence[str] = SLOW, patience: float = PATIENCE) -> None:
        self.slow, self.patience = slow, patience
        self.last, self.said = "", False  # last: the slow library whose import began last
        self.timer: threading.Timer | None = None

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Note that a slow library begins, and let the clock run."""
        if fullname in self.slow and not self.said:
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
            self.said = True
            sys.stderr.write(f"Loading {self.last} ...\n")
            sys.stderr.flush()


@contextmanager
def loading_is_said() -> Iterator[None]:
    """Say on standard error what is loading, once in a command."""
    finder = Loading()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        finder.stop()
        sys.meta_path.remove(finder)
