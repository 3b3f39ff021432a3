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
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.settings import Settings
from crmkit.tables.depends import WatchedFiles, code_digest, digest_of, package_versions
from crmkit.tables.named import Nameless, named

if TYPE_CHECKING:  # pandas is imported when a result is read or written: to ask for a key takes none
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
