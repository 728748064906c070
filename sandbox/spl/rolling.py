"""Statistics over a window that slides: values come in at one end and leave at the other.

Each class answers at any moment what its function makes of the values inside. The common functions keep a tally; the
rest are computed anew from the values (statistics.py). Which rows are inside is streamstats' business.
"""

from __future__ import annotations

from collections import deque
from typing import Optional

from .grouping import Column
from .statistics import NUMERIC, Sample, Settings, compute, total_of
from .values import Number, Scalar, Value, multivalue, number, text, text_order, tidy

Entry = tuple[tuple[Scalar, ...], Optional[Number]]
"""(values that one row brings, time of the row)"""


class Rolling:
    """The general case: keep the entries and compute when asked."""

    def __init__(self, column: Column, settings: Settings) -> None:
        self.column = column
        self.settings = settings
        self.entries: deque[Entry] = deque()

    def add(self, entry: Entry) -> None:
        """Let a row's values in."""
        self.entries.append(entry)

    def drop(self) -> None:
        """Let the oldest row's values out."""
        self.entries.popleft()

    def result(self) -> Value:
        """Return the function of the values inside."""
        sample = Sample()
        for values, time in self.entries:
            sample.values.extend(values)
            sample.times.extend([time] * len(values))
        return compute(self.column.function, self.column.parameter, sample, self.settings)


class RollingCount(Rolling):
    """count"""

    def __init__(self, column: Column, settings: Settings) -> None:
        super().__init__(column, settings)
        self._count = 0

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._count += len(entry[0])

    def drop(self) -> None:
        self._count -= len(self.entries.popleft()[0])

    def result(self) -> Value:
        return self._count


class RollingTally(Rolling):
    """dc and values: how often each text is inside."""

    def __init__(self, column: Column, settings: Settings) -> None:
        super().__init__(column, settings)
        self._tally: dict[str, int] = {}
        self._shown: dict[str, Scalar] = {}

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        for value in entry[0]:
            key = text(value)
            self._tally[key] = self._tally.get(key, 0) + 1
            self._shown.setdefault(key, value)

    def drop(self) -> None:
        for value in self.entries.popleft()[0]:
            key = text(value)
            self._tally[key] -= 1
            if not self._tally[key]:
                del self._tally[key], self._shown[key]

    def result(self) -> Value:
        if self.column.function == "values":
            return multivalue(text_order(self._shown.values()))
        return len(self._tally)


class RollingSum(Rolling):
    """sum and avg: exact while all numbers are whole, added up anew otherwise (differences of floats drift)."""

    def __init__(self, column: Column, settings: Settings) -> None:
        super().__init__(column, settings)
        self._whole = 0
        self._numbers = 0
        self._broken = 0

    def _tally(self, entry: Entry, sign: int) -> None:
        for value in entry[0]:
            found = number(value)
            if found is None:
                continue
            self._numbers += sign
            if type(found) is int:
                self._whole += sign * found
            else:
                self._broken += sign

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._tally(entry, 1)

    def drop(self) -> None:
        self._tally(self.entries.popleft(), -1)

    def result(self) -> Value:
        if not self._numbers:
            return None
        total: Number = self._whole
        if self._broken:
            found = [number(value) for values, _ in self.entries for value in values]
            total = total_of([item for item in found if item is not None])
        return total if self.column.function == "sum" else tidy(float(total) / self._numbers)


class RollingEnd(Rolling):
    """first and last: only rows that bring a value count."""

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)

    def result(self) -> Value:
        newest = self.column.function == "last"
        for values, _ in reversed(self.entries) if newest else self.entries:
            if values:
                return values[-1] if newest else values[0]
        return None


class RollingExtreme(Rolling):
    """min and max: remembered until the value that was it leaves."""

    def __init__(self, column: Column, settings: Settings) -> None:
        super().__init__(column, settings)
        self._known: Value = None
        self._fresh = False
        self._texts = 0

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        for value in entry[0]:
            found = number(value)
            if found is None:
                self._texts += 1
                self._fresh = False
            elif self._fresh and not self._texts:
                best = number(self._known)
                if best is None or (found > best if self.column.function == "max" else found < best):
                    self._known = found

    def drop(self) -> None:
        for value in self.entries.popleft()[0]:
            found = number(value)
            if found is None:
                self._texts -= 1
                self._fresh = False
            elif found == self._known:
                self._fresh = False

    def result(self) -> Value:
        if not self._fresh:
            self._known = super().result()
            self._fresh = self._known is not None and not self._texts
        return self._known


_CLASSES = {
    "count": RollingCount, "c": RollingCount, "dc": RollingTally, "distinct_count": RollingTally,
    "estdc": RollingTally, "values": RollingTally, "sum": RollingSum, "avg": RollingSum, "mean": RollingSum,
    "first": RollingEnd, "last": RollingEnd, "min": RollingExtreme, "max": RollingExtreme,
}  # fmt: skip


def rolling(column: Column, settings: Settings) -> Rolling:
    """Return the window of one column."""
    if settings.all_numbers and column.function in NUMERIC:
        return Rolling(column, settings)
    return _CLASSES.get(column.function, Rolling)(column, settings)
