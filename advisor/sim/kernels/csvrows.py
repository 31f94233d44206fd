"""Numbers out of comma-separated lines: a file of arrivals is read at the speed of the disk, and no row is skipped."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from advisor.sim.kernels import Floats, Ints, kernel

_COMMA, _QUOTE, _LINE, _RETURN, _SPACE, _TAB = 44, 34, 10, 13, 32, 9
_PLUS, _MINUS, _POINT, _ZERO, _NINE, _BIG_E, _SMALL_E = 43, 45, 46, 48, 57, 69, 101
_MOST_DIGITS = 10**17
# Powers of ten that floats hold exactly.
_TENS = np.array([float(f"1e{power}") for power in range(23)])
FINE, FULL, BAD = range(3)


@kernel
def _ten_to(power: int) -> float:
    value = 1.0
    base = 10.0
    left = min(abs(power), 400)
    while left > 0:
        if left & 1:
            value *= base
        base *= base
        left >>= 1
    return value


@kernel
def number(text: npt.NDArray[np.uint8], start: int, stop: int) -> float:
    """The decimal number in text[start:stop], spaces and one pair of quotes aside; NaN where it is none."""
    while start < stop and (text[start] == _SPACE or text[start] == _TAB):
        start += 1
    while start < stop and (text[stop - 1] == _SPACE or text[stop - 1] == _TAB or text[stop - 1] == _RETURN):
        stop -= 1
    if stop - start >= 2 and text[start] == _QUOTE and text[stop - 1] == _QUOTE:
        start += 1
        stop -= 1
        while start < stop and text[start] == _SPACE:
            start += 1
        while start < stop and text[stop - 1] == _SPACE:
            stop -= 1
    negative = False
    if start < stop and (text[start] == _MINUS or text[start] == _PLUS):
        negative = text[start] == _MINUS
        start += 1
    digits, power, seen, point = 0, 0, 0, False
    while start < stop:
        c = int(text[start])
        if _ZERO <= c <= _NINE:
            seen += 1
            if digits < _MOST_DIGITS:
                digits = digits * 10 + (c - _ZERO)
                power -= 1 if point else 0
            else:
                power += 0 if point else 1
        elif c == _POINT and not point:
            point = True
        else:
            break
        start += 1
    if seen == 0:
        return np.nan
    if start < stop and (text[start] == _BIG_E or text[start] == _SMALL_E):
        start += 1
        down = False
        if start < stop and (text[start] == _MINUS or text[start] == _PLUS):
            down = text[start] == _MINUS
            start += 1
        raised, given = 0, 0
        while start < stop and _ZERO <= int(text[start]) <= _NINE and given < 5:
            raised = raised * 10 + (int(text[start]) - _ZERO)
            given += 1
            start += 1
        if given == 0:
            return np.nan
        power += -raised if down else raised
    if start < stop:
        return np.nan
    # Up to 15 digits and 22 places both factors are exact, so the quotient is the nearest float.
    value = float(digits)
    if power > 0:
        value *= _ten_to(power)
    elif power < 0:
        value /= _ten_to(-power)
    return -value if negative else value


@kernel
def rows(
    text: npt.NDArray[np.uint8], size: int, wanted: Ints, out: Floats, lines: Ints, start: int, line: int
) -> tuple[int, int, int, int]:
    """Read whole lines of text[:size] into out[target, row], from row ``start`` on: rows, bytes taken, line, why.

    ``wanted[column]`` is the target of a column of the file, or -1; ``lines`` takes each row's line in the file. A line
    without anything is passed over. BAD: the line reached does not hold a number in every wanted column.
    """
    targets = out.shape[0]
    row, at = start, 0
    while at < size:
        begin = at
        if row >= out.shape[1]:
            return row, begin, line, FULL
        column, found, field, quoted, blank = 0, 0, at, False, True
        bad, fresh = False, True
        while True:
            if fresh and column < wanted.size and wanted[column] >= 0:
                # Plain digits with a point, as nearly all numbers are, are read in the one pass that finds the comma.
                digits, seen, places, point, after = 0, 0, 0, False, at
                while after < size and seen <= 15:
                    d = int(text[after]) - _ZERO
                    if 0 <= d <= 9:
                        digits = digits * 10 + d
                        seen += 1
                        places += 1 if point else 0
                    elif d == _POINT - _ZERO and not point:
                        point = True
                    else:
                        break
                    after += 1
                ended = after >= size or text[after] == _COMMA or text[after] == _LINE
                if ended and 0 < seen <= 15:
                    out[wanted[column], row] = digits / _TENS[places]
                    found += 1
                    column += 1
                    at = after + 1
                    field = at
                    blank = False
                    if after >= size or text[after] == _LINE:
                        at = after
                        break
                    continue
            fresh = False
            c = _LINE if at >= size else int(text[at])
            if c == _QUOTE:
                quoted = not quoted
                blank = False
            elif c == _LINE or (c == _COMMA and not quoted):
                if column < wanted.size and wanted[column] >= 0:
                    value = number(text, field, at)
                    if value - value != 0.0:
                        bad = True
                    out[wanted[column], row] = value
                    found += 1
                column += 1
                field = at + 1
                fresh = True
                if c == _LINE:
                    break
                blank = False
            elif c != _RETURN and c != _SPACE and c != _TAB:
                blank = False
            at += 1
        at += 1
        if not blank:
            if bad or found < targets:
                return row, begin, line, BAD
            lines[row] = line
            row += 1
        line += 1
    return row, min(at, size), line, FINE


@kernel
def place(
    draws: np.random.Generator,
    begins: Floats,
    lasts: Floats,
    counts: Ints,
    first_rows: Ints,
    row_counts: Ints,
    known: int,
    f: Floats,
    i: Ints,
    out: Floats,
    origin: Ints,
    start: int,
    stop: int,
) -> int:
    """Put each interval's requests at uniform instants inside it, in order; how far it came.

    Uniform instants in order are drawn one by one: the share of time that is left shrinks by U^(1/left). Each request
    keeps the row of the file that it stands for in ``origin``. f: the logarithm so far; i: interval, request in it.
    """
    n = start
    while n < stop and i[0] < known:
        b = i[0]
        if i[1] >= counts[b]:
            i[0] += 1
            i[1] = 0
            f[0] = 0.0
            continue
        f[0] += draws.standard_exponential() / (counts[b] - i[1])
        at = begins[b] - np.expm1(-f[0]) * lasts[b]
        out[n] = (at + 1.5 * 2.0**32) - 1.5 * 2.0**32
        origin[n] = first_rows[b] + (i[1] * row_counts[b]) // counts[b]
        i[1] += 1
        n += 1
    return n
