"""Results that a catalog of frames keeps while it lives: whoever explores asks for the same number again and again.

Nothing is written. The tables of such a catalog are its own copies, so a result can only become old by new code.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from crmkit.settings import Settings
from crmkit.tables.depends import code_digest, digest_of
from crmkit.tables.named import Nameless, named

if TYPE_CHECKING:
    import pandas as pd

_MOST_BYTES = 200_000_000
_LOCK = Lock()  # of all memories, held for a moment: a catalog with a lock of its own could not be copied


class Memory:
    """The kept results of one catalog, those that were asked for last.

    Examples
    --------
    >>> import pandas as pd
    >>> memory = Memory()
    >>> memory.write("sales", pd.DataFrame({"n": [3]}))
    >>> memory.read("sales")["n"].tolist()
    [3]
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[pd.DataFrame, int]] = OrderedDict()

    def key(self, compute: Callable[..., Any], arguments: Sequence[Any], settings: Settings) -> str | None:
        """Return the key of a result, or None if it cannot be named, or the code has changed since it was loaded."""
        code = code_digest()
        try:
            return code and digest_of(code, settings.model_dump_json(), named(compute), *map(named, arguments))
        except Nameless:
            return None

    def read(self, key: str) -> pd.DataFrame | None:
        """Return a copy of the result kept under a key; None if there is none."""
        with _LOCK:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            kept, _ = self._kept[key]
        return kept.copy()

    def write(self, key: str, frame: pd.DataFrame) -> None:
        """Keep a copy of a result; those that nobody has asked for longest may have to go."""
        kept = frame.copy(), int(frame.memory_usage(deep=True).sum())
        with _LOCK:
            self._kept[key] = kept
            while sum(size for _, size in self._kept.values()) > _MOST_BYTES:
                self._kept.popitem(last=False)
