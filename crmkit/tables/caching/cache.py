"""Results that are kept, so that several notebooks, and the same one tomorrow, compute a number once.

A result is kept as Parquet under a hash of everything it depends on: the content of the store, the settings, the
function and its arguments, the code, and the versions of the packages. Nothing is looked up by date, so a number
cannot be stale; what cannot be named exactly (a function written in a notebook, files that changed meanwhile) is
computed each time. The folder holds nothing else and may be deleted at any moment.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from crmkit.settings import Settings
from crmkit.tables.caching.fingerprint import Nameless, WatchedFiles, code_digest, digest_of, named, package_versions

if TYPE_CHECKING:
    import pandas as pd


MOST_BYTES = 200_000_000


class Cache:
    """The kept results of one company.

    Parameters
    ----------
    folder : Path
        Where they are; made when the first one is kept.
    data : iterable of Path
        Files of the store that the catalog has opened.
    settings : Settings
    known : mapping
        What the store says of itself; when it was loaded does not count.
    predicted : iterable of Path
        Files of the store that predictions have filled from the others.
    """

    def __init__(
        self,
        folder: Path,
        data: Iterable[Path],
        settings: Settings,
        known: Mapping[str, Any],
        predicted: Iterable[Path] = (),
    ) -> None:
        self.folder = folder
        self._data, self._predicted = WatchedFiles(data), WatchedFiles(predicted)
        told = sorted((name, value) for name, value in known.items() if name != "loaded_at")
        self._origin = digest_of(settings.model_dump_json(), told)

    @property
    def fingerprint(self) -> str | None:
        """Hash of all that a result can depend on; None if any of it changed since it was opened or loaded."""
        of_data, of_predictions = self.data_fingerprint, self._predicted.digest
        return None if of_data is None or of_predictions is None else digest_of(of_data, of_predictions)

    @property
    def data_fingerprint(self) -> str | None:
        """Hash of data, settings, code and versions, predictions left out; None if data or code changed."""
        watched = (self._data.digest, code_digest())
        return None if None in watched else digest_of(*watched, self._origin, sorted(package_versions().items()))

    def key(self, compute: Callable[..., Any], arguments: Iterable[Any], reads_predictions: bool = True) -> str | None:
        """Return the key of a result, or None if it cannot be named."""
        fingerprint = self.fingerprint if reads_predictions else self.data_fingerprint
        try:
            return fingerprint and digest_of(fingerprint, named(compute), *map(named, arguments))
        except Nameless:
            return None

    def read(self, key: str) -> pd.DataFrame | None:
        """Return the result kept under a key; None if there is none, or it is damaged."""
        for path in self.folder.glob(f"{key}.*.parquet"):
            import pandas as pd

            with suppress(Exception):  # whatever is wrong with the file, the result is computed again
                content = path.read_bytes()
                if path.name == _file_name(key, content):
                    os.utime(path)  # used just now: the last one to go
                    return pd.read_parquet(BytesIO(content), engine="pyarrow")
            with suppress(OSError):
                path.unlink()
        return None

    def write(self, key: str, frame: pd.DataFrame) -> None:
        """Keep a result; that the folder cannot be written is no fault, and neither that Parquet cannot hold it."""
        content = _as_parquet(frame)
        if content is None:
            return
        aside = self.folder.joinpath(f"{key}.{secrets.token_hex(4)}.aside")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            aside.write_bytes(content)
            aside.replace(self.folder.joinpath(_file_name(key, content)))
            self._make_room()
        except OSError:
            with suppress(OSError):
                aside.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget all results."""
        for path in self._files():
            with suppress(OSError):
                path.unlink()

    def _make_room(self) -> None:
        """Remove the results that were not used for longest until the others are small enough."""
        seen = sorted(((path.stat(), path) for path in self._files()), key=lambda each: each[0].st_mtime_ns)
        total = sum(stat.st_size for stat, _ in seen)
        for stat, path in seen:
            if total <= MOST_BYTES:
                break
            path.unlink(missing_ok=True)
            total -= stat.st_size

    def _files(self) -> list[Path]:
        return [path for path in self.folder.glob("*") if path.suffix in (".parquet", ".aside", ".lock")]


def _file_name(key: str, content: bytes) -> str:
    return f"{key}.{hashlib.blake2b(content, digest_size=8).hexdigest()}.parquet"  # tells damage


def _as_parquet(frame: pd.DataFrame) -> bytes | None:
    """Return the frame as Parquet, or None if reading it back gives another frame."""
    import pandas as pd

    buffer = BytesIO()
    try:
        frame.to_parquet(buffer, engine="pyarrow", compression="zstd")
        again = pd.read_parquet(BytesIO(buffer.getvalue()), engine="pyarrow")
    except Exception:  # pyarrow has many ways to say that it has no type for a column
        return None
    same = again.equals(frame) and again.dtypes.equals(frame.dtypes) and again.attrs == frame.attrs
    return buffer.getvalue() if same else None


# Results that a catalog of frames keeps while it lives: whoever explores asks for the same number again and again.
# Nothing is written. The tables of such a catalog are its own copies, so a result can only become old by new code.


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


# Whoever computes a result first, the others wait for it: no two notebooks compute the same at the same time.


_PATIENCE = 600.0  # s: whoever is stopped in the middle does not keep the others for ever
_ASK_AGAIN = 0.05  # s


@contextmanager
def turn(folder: Path, key: str, patience: float = _PATIENCE) -> Iterator[bool]:
    """Hold a key for the length of a block; wait while another program, or another thread, holds it.

    The operating system lets the key go when its holder ends, however it ends. A folder that cannot be written, or
    waiting for too long, is no fault: then the same may be computed twice.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    key : str
        Fit for a file name.
    patience : float
        How long to wait at most [s].

    Yields
    ------
    bool
        Whether somebody else holds it still.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place, turn(Path(place), "sales"):
    ...     [path.name for path in Path(place).iterdir()]
    ['sales.lock']
    """
    place = folder.joinpath(f"{key}.lock")
    lock, taken = FileLock(place, timeout=patience, poll_interval=_ASK_AGAIN, thread_local=False), False
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        taken = True
    except (OSError, NotImplementedError):  # nobody can hold anything there
        pass
    try:
        yield taken
    finally:
        if lock.is_locked:
            with suppress(OSError):  # Windows keeps the file while another program waits at it
                place.unlink(missing_ok=True)
            lock.release()
