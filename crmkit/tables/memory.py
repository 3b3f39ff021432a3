"""Results that a catalog of frames keeps while it lives: whoever explores asks for the same number again and again.

Nothing is written. The tables of such a catalog are its own copies, so a result can only become old by new code.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from crmkit.tables.depends import code_digest, digest_of
from crmkit.tables.named import Nameless, named

if TYPE_CHECKING:
    import pandas as pd

_MOST = 256  # results


class Memory:
    """The kept results of one catalog, those that were asked for last.

    Examples
    --------
    >>> import pandas as pd
    >>> Memory().key(pd.concat, ["2026-10"]) == Memory().key(pd.concat, ["2026-10"])
    True
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, pd.DataFrame] = OrderedDict()

    def key(self, compute: Callable[..., Any], arguments: Sequence[Any]) -> str | None:
        """Return the key of a result, or None if it cannot be named, or the code has changed since it was loaded."""
        code = code_digest()
        try:
            return code and digest_of(code, named(compute), *map(named, arguments))
        except Nameless:
            return None

    def read(self, key: str) -> pd.DataFrame | None:
        """Return a copy of the result kept under a key; None if there is none."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key].copy()

    def write(self, key: str, frame: pd.DataFrame) -> None:
        """Keep a copy of a result; the one that nobody has asked for longest may have to go."""
        self._kept[key] = frame.copy()
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
