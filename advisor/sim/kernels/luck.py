"""Luck by request number: what a request draws beside its arrival and work is a function of a key and its number.

Each key is a stream of its own (SplitMix64, which may be entered anywhere), so a column may be drawn whole, in part, by
one station or not at all, and every other column, block and deployment sees the very same numbers.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from advisor.sim.kernels import Floats, Ints, Shorts, kernel

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_STIR = np.uint64(0x94D049BB133111EB)
_A, _B, _C, _KEEP = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 1.0 / 2.0**53
# A number's mantissa, the exponents of 1 and of 2**52, and the inverses of the odd numbers from 1 on.
_MANTISSA, _ONE, _TWO_52 = np.int64(2**52 - 1), np.int64(1023 << 52), np.int64((1023 + 52) << 52)
_LN_2, _ROOT_2 = math.log(2.0), math.sqrt(2.0)
_ODD = tuple(1.0 / (2 * n + 1) for n in range(11))
# The inverses of the factorials from 0! on; a number that rounds another's sum with it to a whole one, which then is in
# the low bits; the logarithm of 2 in two parts, of which the first is short: its product with a whole number is exact.
_FACTORIALS = tuple(1.0 / math.factorial(n) for n in range(14))
_WHOLE, _LN_2_SHORT, _LN_2_REST = 1.5 * 2.0**52, 6.93147180369123816490e-01, 1.90821492927058770002e-10


@kernel
def luck(key: np.uint64, number: int) -> float:
    """A uniform number in [0, 1) for one request under one key."""
    mixed = key + (np.uint64(number) + np.uint64(1)) * _STEP
    mixed = (mixed ^ (mixed >> _A)) * _MIX
    mixed = (mixed ^ (mixed >> _B)) * _STIR
    mixed = mixed ^ (mixed >> _C)
    return np.float64(mixed >> _KEEP) * _UNIT


@kernel
def normal(share: float) -> float:
    """The standard normal quantile of a share in [0, 1), to 16 digits (Wichura's AS 241); 0 is taken as 2**-54."""
    q = share - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        up = 2509.0809287301226727
        up = up * r + 33430.575583588128105
        up = up * r + 67265.770927008700853
        up = up * r + 45921.953931549871457
        up = up * r + 13731.693765509461125
        up = up * r + 1971.5909503065514427
        up = up * r + 133.14166789178437745
        up = up * r + 3.387132872796366608
        down = 5226.495278852545925
        down = down * r + 28729.085735721942674
        down = down * r + 39307.89580009271061
        down = down * r + 21213.794301586595867
        down = down * r + 5394.1960214247511077
        down = down * r + 687.1870074920579083
        down = down * r + 42.313330701600911252
        return q * up / (down * r + 1.0)
    r = max(min(share, 1.0 - share), 2.0**-54)
    r = math.sqrt(-math.log(r))
    if r <= 5.0:
        r -= 1.6
        up = 7.7454501427834140764e-4
        up = up * r + 0.0227238449892691845833
        up = up * r + 0.24178072517745061177
        up = up * r + 1.27045825245236838258
        up = up * r + 3.64784832476320460504
        up = up * r + 5.7694972214606914055
        up = up * r + 4.6303378461565452959
        up = up * r + 1.42343711074968357734
        down = 1.05075007164441684324e-9
        down = down * r + 5.475938084995344946e-4
        down = down * r + 0.0151986665636164571966
        down = down * r + 0.14810397642748007459
        down = down * r + 0.68976733498510000455
        down = down * r + 1.6763848301838038494
        down = down * r + 2.05319162663775882187
    else:
        r -= 5.0
        up = 2.01033439929228813265e-7
        up = up * r + 2.71155556874348757815e-5
        up = up * r + 0.0012426609473880784386
        up = up * r + 0.026532189526576123093
        up = up * r + 0.29656057182850489123
        up = up * r + 1.7848265399172913358
        up = up * r + 5.4637849111641143699
        up = up * r + 6.6579046435011037772
        down = 2.04426310338993978564e-15
        down = down * r + 1.4215117583164458887e-7
        down = down * r + 1.8463183175100546818e-5
        down = down * r + 7.868691311456132591e-4
        down = down * r + 0.0148753612908506148525
        down = down * r + 0.13692988092273580531
        down = down * r + 0.59983220655588793769
    z = up / (down * r + 1.0)
    return -z if q < 0.0 else z


@kernel
def spread(share: float, sigma: float) -> float:
    """A log-normal multiplier of mean 1 at a share of its distribution."""
    return math.exp(sigma * normal(share) - 0.5 * sigma * sigma)


@kernel
def lucks(key: np.uint64, numbers: Ints, rows: int, out: Floats) -> None:
    """Uniform numbers for the first rows of a block."""
    for n in range(rows):
        out[n] = luck(key, numbers[n])


@kernel
def spreads(key: np.uint64, sigma: float, numbers: Ints, rows: int, out: Floats) -> None:
    """Log-normal multipliers of mean 1 for the first rows of a block."""
    for n in range(rows):
        out[n] = spread(luck(key, numbers[n]), sigma)


@kernel
def logarithm(x: float) -> float:
    """The natural logarithm of a positive normal number, to 15 digits of the greater of it and 1.

    2 artanh of (m - 1) / (m + 1) by its series, with the mantissa m between the roots of a half and of 2: without a
    table or a branch, so that several are taken at a time.
    """
    bits = np.float64(x).view(np.int64)
    m = np.int64((bits & _MANTISSA) | _ONE).view(np.float64)
    # An exponent in the low bits of 2**52 is that much more than it.
    power = np.int64((bits >> 52) | _TWO_52).view(np.float64) - (2.0**52 + 1023.0)
    large = m > _ROOT_2
    m = 0.5 * m if large else m
    power = power + 1.0 if large else power
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    r = _ODD[10]
    r = r * z + _ODD[9]
    r = r * z + _ODD[8]
    r = r * z + _ODD[7]
    r = r * z + _ODD[6]
    r = r * z + _ODD[5]
    r = r * z + _ODD[4]
    r = r * z + _ODD[3]
    r = r * z + _ODD[2]
    r = r * z + _ODD[1]
    return float(power * _LN_2 + 2.0 * (s + s * z * r))


@kernel
def exponential(x: float) -> float:
    """The exponential of a number between -700 and 700, to 15 digits.

    2**k times the series at what is left of x, less than half a logarithm of 2: without a table or a branch, so that
    several are taken at a time.
    """
    power = x / _LN_2 + _WHOLE
    k = power - _WHOLE
    r = (x - k * _LN_2_SHORT) - k * _LN_2_REST
    told = _FACTORIALS[13]
    told = told * r + _FACTORIALS[12]
    told = told * r + _FACTORIALS[11]
    told = told * r + _FACTORIALS[10]
    told = told * r + _FACTORIALS[9]
    told = told * r + _FACTORIALS[8]
    told = told * r + _FACTORIALS[7]
    told = told * r + _FACTORIALS[6]
    told = told * r + _FACTORIALS[5]
    told = told * r + _FACTORIALS[4]
    told = told * r + _FACTORIALS[3]
    told = told * r + _FACTORIALS[2]
    told = told * r + _FACTORIALS[1]
    told = told * r + _FACTORIALS[0]
    return float(told * np.int64((np.float64(power).view(np.int64) + 1023) << 52).view(np.float64))


@kernel
def exponentials(factor: float, out: Floats) -> None:
    """Exponentials of numbers, in their place, times a factor."""
    for n in range(out.size):
        out[n] = factor * exponential(out[n])


@kernel
def cut(
    key: np.uint64, scale: float, most: float, within: float, mirrored: int, numbers: Ints, rows: int, out: Floats
) -> None:
    """The sizes of a single class that has an exponential: in loops without a branch, as `sizes` does one by one."""
    for n in range(rows):
        out[n] = 1.0 - luck(key, numbers[n]) * within
    for n in range(rows):
        out[n] = -scale * logarithm(out[n])
    for n in range(rows):
        drawn = min(most, out[n])
        out[n] = np.rint(most - drawn if mirrored == 1 else drawn)


@kernel
def sizes(
    key: np.uint64, scales: Floats, mosts: Floats, mirrored: Ints, klass: Shorts, numbers: Ints, rows: int, out: Floats
) -> None:
    """Whole bytes for the first rows: of each class an exponential cut at its largest, or the mirror image of one.

    A scale of 0 is a constant, an infinite one the uniform law.
    """
    within = np.empty(scales.size)
    for one in range(scales.size):
        within[one] = -math.expm1(-mosts[one] / scales[one]) if 0.0 < scales[one] < math.inf else 1.0
    if scales.size == 1 and 0.0 < scales[0] < math.inf:
        cut(key, scales[0], mosts[0], within[0], mirrored[0], numbers, rows, out)
        return
    for n in range(rows):
        out[n] = 1.0 - luck(key, numbers[n]) * within[klass[n]]
    # By itself: then several are taken at a time.
    for n in range(rows):
        out[n] = logarithm(out[n])
    for n in range(rows):
        one = klass[n]
        scale, most = scales[one], mosts[one]
        if scale == 0.0:
            drawn = most
        elif scale == math.inf:
            drawn = luck(key, numbers[n]) * most
        else:
            drawn = min(most, -scale * out[n])
        out[n] = np.rint(most - drawn if mirrored[one] == 1 else drawn)


@kernel
def models(
    key: np.uint64,
    totals: Floats,
    guide: Ints,
    fixed: Ints,
    klass: Shorts,
    numbers: Ints,
    rows: int,
    out: npt.NDArray[np.int32],
) -> None:
    """Model numbers from 0 for the first rows: a class's own, or drawn by the running totals of the shares."""
    for n in range(rows):
        model = fixed[klass[n]]
        if model < 0:
            share = luck(key, numbers[n])
            model = guide[int(share * guide.size)]
            while totals[model] <= share:
                model += 1
        out[n] = model
