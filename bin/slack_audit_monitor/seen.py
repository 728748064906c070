"""Remembers which entries were sent already, in little memory, for as long as they can come again.

Kept per second of `date_create`: eight bytes an entry and a small constant a second, so that an hour of a
busy organisation (100,000 entries) costs about a megabyte. What lies before the horizon can only come again
at the edge of the window that is being read, and is forgotten as soon as the reading has passed below it.
"""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Union

#: Where entries without a readable time are kept.
UNDATED = -1
MOST_UNDATED = 5_000
#: Most entries in one portion of the memory when it is written down.
PORTION_ENTRIES = 40_000
#: Above this many entries in one second a set is quicker than looking through the list.
_LARGE = 64

_Bucket = Union["array[int]", set[int]]
Batch = Iterable[tuple[int, int]]


class SeenEntries:
    """The memory of repeats.

    Args:
        horizon: entries of this second and later may come again at any time.
    """

    def __init__(self, horizon: int) -> None:
        self.horizon = horizon
        self._seconds: dict[int, _Bucket] = {}
        self._held = {UNDATED}

    def __len__(self) -> int:
        return sum(len(bucket) for bucket in self._seconds.values())

    def add(self, second: int, key: int) -> bool:
        """Remember an entry; return False if it was known."""
        bucket = self._seconds.get(second)
        if bucket is None:
            self._seconds[second] = array("Q", (key,))
            return True
        if key in bucket:
            return False
        if isinstance(bucket, set):
            bucket.add(key)
            return True
        if second == UNDATED and len(bucket) >= MOST_UNDATED:
            del bucket[0]
        bucket.append(key)
        if len(bucket) > _LARGE and second != UNDATED:
            self._seconds[second] = set(bucket)
        return True

    def holds(self, second: int, key: int) -> bool:
        """Tell whether an entry is remembered."""
        return key in self._seconds.get(second, ())

    def keys(self, second: int) -> list[int]:
        """Return what is remembered of a second."""
        return list(self._seconds.get(second, ()))

    def hold(self, second: int) -> None:
        """Do not forget this second, wherever the horizon is."""
        self._held.add(second)

    def let_go(self, second: int) -> None:
        """Forget this second like any other from now on."""
        self._held.discard(second)

    def passed(self, second: int) -> None:
        """Forget what lies before the horizon and after `second`: the window's edge has moved below it."""
        if second < self.horizon:
            for known in [s for s in self._seconds if second < s < self.horizon and s not in self._held]:
                del self._seconds[known]

    def all_passed(self) -> None:
        """Forget all that lies before the horizon: no window is open."""
        self.passed(UNDATED)

    def move_horizon(self, horizon: int) -> None:
        """From now on only entries of this second and later can come again; forget all others."""
        self.horizon = horizon
        self.all_passed()

    def oldest(self, default: int) -> int:
        """Return the oldest second that is remembered."""
        return min((second for second in self._seconds if second not in self._held), default=default)

    def is_kept(self, second: int) -> bool:
        """Tell whether an entry of this second must survive the window it came in."""
        return second >= self.horizon or second in self._held

    def restore(self, packed: Mapping[str, str]) -> None:
        """Add what `pack` wrote.

        Raises:
            ValueError: not in that form.
        """
        for second_text, keys_text in packed.items():
            second, keys = int(second_text), array("Q")
            keys.frombytes(b64decode(keys_text, validate=True))
            for key in keys:
                self.add(second, key)

    def packed(self) -> Iterator[dict[str, str]]:
        """Yield everything in portions of about half a megabyte at most, for where the checkpoint is kept."""
        portion: dict[str, str] = {}
        room = PORTION_ENTRIES
        for second, bucket in self._seconds.items():
            keys = list(bucket)
            for start in range(0, len(keys), PORTION_ENTRIES):
                piece = keys[start : start + PORTION_ENTRIES]
                if portion and room < len(piece):
                    yield portion
                    portion, room = {}, PORTION_ENTRIES
                portion[str(second)] = _text(piece)
                room -= len(piece) + 1  # the second itself takes about as much as an entry
        if portion:
            yield portion


def pack(batch: Batch) -> dict[str, str]:
    """Return (second, key) pairs in the form that `restore` takes: second to base64 of eight-byte keys."""
    by_second: dict[int, list[int]] = {}
    for second, key in batch:
        by_second.setdefault(second, []).append(key)
    return {str(second): _text(keys) for second, keys in by_second.items()}


def _text(keys: Iterable[int]) -> str:
    return b64encode(array("Q", keys).tobytes()).decode("ascii")
