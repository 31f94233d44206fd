"""The user's folders, and the one way in which this package writes a file.

Nothing is made on import: a folder comes to be when something is first written into it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from advisor.errors import InputError

__all__ = ["cache_folder", "data_folder", "write_atomically"]


def cache_folder() -> Path:
    """Where things live that can be made again: fetched prices, compiled kernels.

    ``ADVISOR_CACHE`` overrides it; else the platform's custom is followed.
    """
    return _folder("ADVISOR_CACHE", "XDG_CACHE_HOME", ".cache", "Library/Caches", "LOCALAPPDATA")


def data_folder() -> Path:
    """Where things live that cannot be made again: the history of practice sessions.

    ``ADVISOR_DATA`` overrides it; else the platform's custom is followed.
    """
    return _folder("ADVISOR_DATA", "XDG_DATA_HOME", ".local/share", "Library/Application Support", "APPDATA")


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Write the whole of ``content`` to ``path``, or leave what was there untouched.

    The content goes to a new file beside the target, is flushed to the disk, and takes the target's
    place in one step, so that a reader or a crash never meets half a file.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise _cannot_write(path, error) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        part.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        part.unlink(missing_ok=True)
    return path


def _cannot_write(path: Path, error: OSError) -> InputError:
    return InputError(f"cannot write: {error.strerror or error}", str(path), "choose a folder that you may write to")


def _umask() -> int:
    # The mask can only be read by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _folder(own: str, xdg: str, unix: str, mac: str, windows: str) -> Path:
    if given := os.environ.get(own):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get(windows) or Path.home() / "AppData" / "Local") / "advisor"
    if sys.platform == "darwin":
        return Path.home() / mac / "advisor"
    return Path(os.environ.get(xdg) or Path.home() / unix) / "advisor"
