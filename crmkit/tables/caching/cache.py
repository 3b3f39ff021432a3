"""Caches of results, so that several notebooks, or the same one on another day, compute a number only once.

:class:`Cache` keeps results on disk for all programs, :class:`Memory` in this program for a catalog of frames. A result
is kept under a hash of everything it depends on: the content of the store, the settings, the function and its
arguments, the code, and the versions of the packages. Nothing is looked up by date, so a number cannot be stale; what
has no such hash (a function defined in a notebook, files that changed meanwhile) is computed each time.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from crmkit.settings import Settings
from crmkit.tables.caching.fingerprint import (
    NoFingerprint,
    WatchedFiles,
    code_digest,
    digest_of,
    fingerprint,
    package_versions,
)

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 200_000_000  # of a cache, and of a memory
_LOCK = Lock()  # of all memories, held for a moment: a catalog with a lock of its own could not be copied


class Cache:
    """The results of one company that are kept as Parquet files; their folder may be deleted at any moment.

    Parameters
    ----------
    folder : Path
        Where they are; made when the first one is kept.
    data : iterable of Path
        Files of the store that the catalog has opened.
    settings : Settings
    provenance : mapping
        What the store's manifest says of it; the time of the load does not count.
    predicted : iterable of Path
        Files of the store that predictions have filled from the others.
    """

    def __init__(
        self,
        folder: Path,
        data: Iterable[Path],
        settings: Settings,
        provenance: Mapping[str, Any],
        predicted: Iterable[Path] = (),
    ) -> None:
        self.folder = folder
        self._data, self._predicted = WatchedFiles(data), WatchedFiles(predicted)
        known = sorted((name, value) for name, value in provenance.items() if name != "loaded_at")
        self._origin = digest_of(settings.model_dump_json(), known)

    def narrowed(self, condition: str) -> Cache:
        """Return the cache of the results for the rows that meet a condition, in the same folder."""
        narrowed = copy(self)
        narrowed._origin = digest_of(self._origin, "where", condition)
        return narrowed

    @property
    def fingerprint(self) -> str | None:
        """Hash of all that a result can depend on; None if any of it changed since it was opened or loaded."""
        of_data, of_predictions = self.data_fingerprint, self._predicted.digest
        return None if of_data is None or of_predictions is None else digest_of(of_data, of_predictions)

    @property
    def data_fingerprint(self) -> str | None:
        """Hash of data, settings, code and versions, without predictions; None if data or code changed."""
        watched = (self._data.digest, code_digest())
        return None if None in watched else digest_of(*watched, self._origin, sorted(package_versions().items()))

    def key(self, compute: Callable[..., Any], arguments: Iterable[Any], reads_predictions: bool = True) -> str | None:
        """Return the key of a result, or None if it has none."""
        return _key(self.fingerprint if reads_predictions else self.data_fingerprint, compute, arguments)

    def read(self, key: str) -> pd.DataFrame | None:
        """Return the result kept under a key; None if there is none, or it is damaged."""
        for path in self.folder.glob(f"{key}.*.parquet"):
            import pandas as pd

            with suppress(Exception):  # whatever is wrong with the file, the result is computed again
                content = path.read_bytes()
                if path.name == _file_name(key, content):
                    os.utime(path)  # used just now: the last one to be removed
                    return pd.read_parquet(BytesIO(content), engine="pyarrow")
            with suppress(OSError):
                path.unlink()
        return None

    def write(self, key: str, frame: pd.DataFrame) -> None:
        """Keep a result; a folder that cannot be written, and a frame that Parquet cannot hold, are no errors."""
        content = _as_parquet(frame)
        if content is None:
            return
        unfinished = self.folder.joinpath(f"{key}.{secrets.token_hex(4)}.unfinished")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished.write_bytes(content)
            unfinished.replace(self.folder.joinpath(_file_name(key, content)))
            self._evict()
        except OSError:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all results."""
        for path in self._files():
            with suppress(OSError):
                path.unlink()

    def _evict(self) -> None:
        """Remove the least recently used results until the others are small enough."""
        seen = sorted(((path.stat(), path) for path in self._files()), key=lambda each: each[0].st_mtime_ns)
        total = sum(stat.st_size for stat, _ in seen)
        for stat, path in seen:
            if total <= MOST_BYTES:
                break
            path.unlink(missing_ok=True)
            total -= stat.st_size

    def _files(self) -> list[Path]:
        return [path for path in self.folder.glob("*") if path.suffix in (".parquet", ".unfinished", ".lock")]


class Memory:
    """The results that one catalog of frames keeps while it lives, those that were asked for last; nothing is written.

    The tables of such a catalog are its own copies, so a result can only become stale by new code.

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
        """Return the key of a result, or None if it has none, or the code has changed since it was loaded."""
        code = code_digest()
        return _key(code and digest_of(code, settings.model_dump_json()), compute, arguments)

    def read(self, key: str) -> pd.DataFrame | None:
        """Return a copy of the result kept under a key; None if there is none."""
        with _LOCK:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            kept, _ = self._kept[key]
        return kept.copy()

    def write(self, key: str, frame: pd.DataFrame) -> None:
        """Keep a copy of a result; the least recently used ones are dropped if all together are too large."""
        kept = frame.copy(), int(frame.memory_usage(deep=True).sum())
        with _LOCK:
            self._kept[key] = kept
            while sum(size for _, size in self._kept.values()) > MOST_BYTES:
                self._kept.popitem(last=False)


def _key(context: str | None, compute: Callable[..., Any], arguments: Iterable[Any]) -> str | None:
    """Return the key of a result in a context, the hash of all else that it depends on; None if it has none."""
    if context is None:
        return None
    try:
        return digest_of(context, fingerprint(compute), *map(fingerprint, arguments))
    except NoFingerprint:
        return None


def _file_name(key: str, content: bytes) -> str:
    return f"{key}.{hashlib.blake2b(content, digest_size=8).hexdigest()}.parquet"  # the hash shows damage


def _as_parquet(frame: pd.DataFrame) -> bytes | None:
    """Return the frame as Parquet, or None if reading it back gives another frame."""
    import pandas as pd

    buffer = BytesIO()
    try:
        frame.to_parquet(buffer, engine="pyarrow", compression="zstd")
        again = pd.read_parquet(BytesIO(buffer.getvalue()), engine="pyarrow")
    except Exception:  # pyarrow raises many types of error for a column that it cannot hold
        return None
    same = again.equals(frame) and again.dtypes.equals(frame.dtypes) and again.attrs == frame.attrs
    return buffer.getvalue() if same else None
