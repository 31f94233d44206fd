"""The door without credentials: AWS's public bulk offer files over HTTPS, read as a stream."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from advisor.catalog.fetch_parse import OFFER
from advisor.errors import RefreshError, near

__all__ = ["BASE_URL", "Progress", "base_url", "offer_file", "region_index"]

# Where the files are; AWS price list, bulk offer files, 2026.
BASE_URL = "https://pricing.us-east-1.amazonaws.com"

# done, total (None where it is not known), what
Progress = Callable[[int, "int | None", str], None]

_INDEX = f"/offers/v1.0/aws/{OFFER}/current/region_index.json"
_CHUNK = 1 << 16
# The file of one region has about 4 MB; the file of all regions must not be taken for it.
_LARGEST = 200_000_000
_OTHER_DOOR = "or take the other door with --door api, which needs AWS credentials"


def base_url(given: str | None = None) -> str:
    """The address before ``/offers``: as given, else ADVISOR_PRICE_LIST_URL, else AWS's own."""
    chosen = (given or os.environ.get("ADVISOR_PRICE_LIST_URL") or BASE_URL).rstrip("/")
    parts = urllib.parse.urlsplit(chosen)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise RefreshError(f'"{chosen}" is not an address', "ADVISOR_PRICE_LIST_URL", f"write one such as {BASE_URL}")
    return chosen


def region_index(base: str, *, timeout_s: float, progress: Progress | None = None) -> Mapping[str, str]:
    """The address of each region's newest offer file."""
    url = base + _INDEX
    held = _json(url, "the index of regions", timeout_s, progress)
    regions = held.get("regions")
    found = {}
    for name, entry in regions.items() if isinstance(regions, dict) else ():
        path = entry.get("currentVersionUrl") if isinstance(entry, dict) else None
        if isinstance(path, str) and path:
            found[name] = _within(base, path)
    if not found:
        raise RefreshError("the index of regions holds none", url, f"check the address, {_OTHER_DOOR}")
    return found


def offer_file(
    base: str, index: Mapping[str, str], region: str, *, timeout_s: float, progress: Progress | None = None
) -> Mapping[str, Any]:
    """The offer file of one region: ``products`` and ``terms`` keyed by SKU."""
    if region not in index:
        hint = near(region, index) or f"the regions are {', '.join(sorted(index))}"
        raise RefreshError(f'"{region}" is not a region of the price list', base + _INDEX, hint)
    url = index[region]
    held = _json(url, f"{region}: the price list", timeout_s, progress)
    offer = held.get("offerCode")
    if offer != OFFER or not isinstance(held.get("products"), dict) or not isinstance(held.get("terms"), dict):
        what = f"not a price list of {OFFER}" + (
            f" but of {offer}" if isinstance(offer, str) and offer != OFFER else ""
        )
        raise RefreshError(what, url, f"check the address, {_OTHER_DOOR}")
    return held


def _within(base: str, path: str) -> str:
    """The address of a path out of the index, which may not lead to another host."""
    if path.startswith("/") and not path.startswith("//"):
        return base + path
    if path.startswith(base + "/"):
        return path
    raise RefreshError(
        f'the index of regions leads elsewhere: "{path[:100]}"', base + _INDEX, f"check the address, {_OTHER_DOOR}"
    )


def _json(url: str, what: str, timeout_s: float, progress: Progress | None) -> Mapping[str, Any]:
    data = _download(url, what, timeout_s, progress)
    try:
        held = json.loads(data)
    except (ValueError, RecursionError) as error:
        head = data[:40].decode(errors="replace").strip()
        raise RefreshError(
            f"not JSON, or cut short: {error} (it begins {head!r})", url, f"try again, {_OTHER_DOOR}"
        ) from error
    if not isinstance(held, dict):
        raise RefreshError(
            f"{what} is a JSON {type(held).__name__}, not an object", url, f"check the address, {_OTHER_DOOR}"
        )
    return held


def _opener() -> urllib.request.OpenerDirector:
    # By hand, so that neither an address nor a redirection can open a file or an FTP server.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _download(url: str, what: str, timeout_s: float, progress: Progress | None) -> bytes:
    request = urllib.request.Request(  # noqa: S310 - base_url() lets only http and https through
        url, headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "advisor"}
    )
    try:
        with _opener().open(request, timeout=timeout_s) as response:
            return _body(response, url, what, progress)
    except urllib.error.HTTPError as error:
        with error:
            raise RefreshError(
                f"the server answers {error.code} {error.reason}", url, f"check the address, {_OTHER_DOOR}"
            ) from error
    except TimeoutError as error:
        raise _no_answer(url, timeout_s) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise _no_answer(url, timeout_s) from error
        raise RefreshError(f"no connection: {error.reason}", url, f"check the network, {_OTHER_DOOR}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        told = str(error) or type(error).__name__
        raise RefreshError(f"the connection broke: {told}", url, f"try again, {_OTHER_DOOR}") from error


def _body(response: Any, url: str, what: str, progress: Progress | None) -> bytes:
    stated = response.headers.get("Content-Length", "")
    total = int(stated) if stated.isdigit() else None
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if response.headers.get("Content-Encoding", "") == "gzip" else None
    pieces: list[bytes] = []
    done = size = 0
    while chunk := response.read(_CHUNK):
        done += len(chunk)
        try:
            # Unpacked in bounded pieces: a small file may not swell without end.
            piece = chunk if unpack is None else unpack.decompress(chunk, _LARGEST)
        except zlib.error as error:
            raise RefreshError(f"not gzip: {error}", url, f"try again, {_OTHER_DOOR}") from error
        size += len(piece)
        if size >= _LARGEST:
            raise RefreshError(
                f"more than {_LARGEST // 10**6} MB, which no region's list has",
                url,
                f"check the address, {_OTHER_DOOR}",
            )
        pieces.append(piece)
        if progress is not None:
            progress(done, total, what)
    if (total is not None and done < total) or (unpack is not None and not unpack.eof):
        raise RefreshError(f"cut short after {done} of {total or 'more'} bytes", url, f"try again, {_OTHER_DOOR}")
    return b"".join(pieces)


def _no_answer(url: str, timeout_s: float) -> RefreshError:
    return RefreshError(f"no answer within {timeout_s:g} s", url, f"check the network or try again, {_OTHER_DOOR}")
