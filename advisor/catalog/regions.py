"""The names of AWS's regions, so that a slip in one is found without reading the price book."""

from __future__ import annotations

import re

from advisor.errors import near

__all__ = ["REGIONS", "known_region", "near_regions"]

# Every region of the packaged price book, and those of AWS's other partitions.
REGIONS = (
    "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1",
    "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "eusc-de-east-1",
    "il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2",
    "us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2",
)  # fmt: skip
_LOCAL_ZONE = re.compile(r"(.+-[0-9]{1,2})-[a-z]{3}-[0-9]{1,2}")
# What stands in the middle of a region's name; anything else there is a slip.
_SIDES = frozenset(
    {"north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest", "gov", "de"}
)


def known_region(name: str) -> bool:
    """Whether it is a region, or a local zone of one."""
    zone = _LOCAL_ZONE.fullmatch(name)
    return name in REGIONS or (zone is not None and zone[1] in REGIONS)


def near_regions(name: str) -> str:
    """``did you mean ...?`` where a name is one slip away from a known region; empty where it may be a new one."""
    zone = _LOCAL_ZONE.fullmatch(name)
    name = zone[1] if zone is not None else name
    sides = name.split("-")[1:-1]
    if not _SIDES.issuperset(sides):
        return near(name, REGIONS)
    one_off = [region for region in REGIONS if _one_slip(name, region)]
    return f"did you mean {' or '.join(one_off[:3])}?" if one_off else ""


def _one_slip(name: str, known: str) -> bool:
    """Whether one character is missing, too many, another, or has changed places with the next."""
    if abs(len(name) - len(known)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(name, known, strict=False)) if a != b), min(len(name), len(known)))
    left, right = name[at:], known[at:]
    swapped = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return swapped or left[1:] == right[1:] or left[1:] == right or left == right[1:]
