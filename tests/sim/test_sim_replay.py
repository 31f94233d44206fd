"""Replay: recorded files come back as they were, good ones, scaled ones, endless ones; bad ones are refused by line."""

from __future__ import annotations

import gzip
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.errors import TraceError
from advisor.sim.kernels import csvrows
from advisor.sim.recorded import ROWS, read
from advisor.sim.replay import Recorded, RecordedFeed, cycle_s
from advisor.sim.trace import Trace
from advisor.workload import reads


def grid(values):
    return np.rint(np.asarray(values) * 2**20) / 2**20


def written(tmp_path, text, name="trace.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def replayed(path, n=None, *, names=("arrival",), cut=131072, seed=1, **given):
    """The first n requests, or one pass."""
    kept = {name: [] for name in names}
    have = 0
    for block in Trace([Recorded(path=path, once=n is None, **given)], seed=seed).blocks(cut):
        for name in names:
            kept[name].append(np.array(getattr(block, name)[: block.n], copy=True))
        have += block.n
        if n is not None and have >= n:
            break
    out = [np.concatenate(kept[name])[:n] for name in names]
    return out[0] if len(out) == 1 else out


class TestTimestamps:
    TIMES = (0.0, 0.25, 0.25, 1.5, 7.125)

    def test_they_come_back(self, tmp_path):
        text = "arrival_s\n" + "\n".join(map(str, self.TIMES)) + "\n"
        assert np.array_equal(replayed(written(tmp_path, text)), self.TIMES)

    @pytest.mark.parametrize(
        "text",
        [
            "id,arrival_s,tokens\n1,0.0,5\n2,0.25,6\n3,0.25,7\n4,1.5,8\n5,7.125,9",
            "arrival_s\r\n0.0\r\n0.25\r\n0.25\r\n1.5\r\n7.125\r\n",
            "\ufeffarrival_s\n0.0\n0.25\n0.25\n1.5\n7.125\n",
            'name,"arrival_s"\n"a, b",0.0\n"c",.25\nd,2.5e-1\ne," 1.5 "\n"f ""g"" , h",7125E-3\n',
            "arrival_s\n\n0.0\n0.25\n\n0.25\n   \n1.5\n+7.125\n\n",
            "arrival_s,unnamed\n0.0,nan\n0.25,x\n0.25,\n1.5,inf\n7.125,-\n",
            "arrival_s\n100.0\n100.25\n100.25\n101.5\n107.125\n",
        ],
        ids=["other columns", "crlf", "bom", "quotes and exponents", "blank lines", "junk elsewhere", "not from zero"],
    )
    def test_they_come_back_from_any_good_file(self, tmp_path, text):
        assert np.array_equal(replayed(written(tmp_path, text)), self.TIMES)

    def test_gzip_too(self, tmp_path):
        text = "arrival_s\n" + "\n".join(map(str, self.TIMES))
        assert np.array_equal(replayed(written(tmp_path, gzip.compress(text.encode()), "t.csv.gz")), self.TIMES)

    def test_they_are_rounded_to_the_grid(self, tmp_path):
        times = np.sort(np.random.default_rng(1).random(1000)) * 1000
        times[0] = 0.0
        text = "arrival_s\n" + "\n".join(f"{t:.9f}" for t in times)
        assert np.array_equal(replayed(written(tmp_path, text)), grid([float(f"{t:.9f}") for t in times]))

    def test_a_file_begins_again_after_its_span_and_one_mean_gap(self, tmp_path):
        path = written(tmp_path, "arrival_s\n10\n12\n16\n22\n")
        assert cycle_s(path) == 16.0
        assert np.array_equal(replayed(path, 9), [0, 2, 6, 12, 16, 18, 22, 28, 32])

    def test_many_rows_are_read_in_chunks_and_none_is_lost(self, tmp_path):
        times = np.arange(3 * ROWS + 17) / 4
        path = written(tmp_path, "arrival_s\n" + "\n".join(map(str, times)))
        assert np.array_equal(replayed(path), times)
        assert np.array_equal(replayed(path, cut=1000), times)
        # 2 MiB exactly: the reader meets the end of the file with nothing left over.
        text = "arrival_s\n" + "".join(f"{k:07d}\n" for k in range(262_143))
        path = written(tmp_path, text[: 2**21 - 9].rpartition("\n")[0] + "\n")
        assert len(replayed(path)) == path.read_bytes().count(b"\n") - 1

    def test_what_the_file_holds_beside_times_comes_back(self, tmp_path):
        path = written(tmp_path, "model,arrival_s,work,bytes_in,bytes_out\n3,0,0.5,100,7\n1,1,1.5,200,8\n2,2,1,300,9\n")
        names = ("arrival", "work", "bytes_in", "bytes_out", "model")
        seen = replayed(path, 6, names=names)
        assert np.array_equal(seen[1], [0.5, 1.5, 1, 0.5, 1.5, 1])
        assert np.array_equal(seen[2], [100, 200, 300] * 2)
        assert np.array_equal(seen[3], [7, 8, 9] * 2)
        assert np.array_equal(seen[4], [2, 0, 1] * 2)

    def test_what_it_does_not_hold_is_drawn_by_the_profile(self, tmp_path):
        path = written(tmp_path, "arrival_s\n" + "\n".join(str(k) for k in range(2000)))
        w = reads(f"""
            name: r
            payload: {{request: 4 KB, request_max: 4 KB}}
            traffic: {{replay: {path}}}
            work: [{{on: ml.m5.large, mean: 1 s, cv: 0.5}}]
        """)
        block = next(iter(Trace.of(w, seed=1).blocks()))
        assert set(block.bytes_in[: block.n]) == {4000.0}
        assert abs(block.work[: block.n].mean() - 1) < 5 * 0.5 / math.sqrt(block.n)

    def test_a_spike_comes_on_top_of_a_replayed_file(self, tmp_path):
        rows = "\n".join(f"{k},9" for k in range(86400 * 3))
        path = written(tmp_path, f"arrival_s,bytes_in\n{rows}\n")
        w = reads(f"name: r\ntraffic: {{replay: {path}, spikes: [{{at: day 1 01:00, height: 5x, lasts: 10 min}}]}}")
        names = ("arrival", "bytes_in", "number")
        kept = [[] for _ in names]
        for block in Trace.of(w, seed=1, spikes=True).blocks():
            for column, name in zip(kept, names, strict=True):
                column.append(getattr(block, name)[: block.n].copy())
            if block.arrival[block.n - 1] > 2.5 * 86400:
                break
        arrival, size, number = map(np.concatenate, kept)
        added = number >= 2**40
        # One a second, five times that for ten minutes.
        assert abs(added.sum() - 4 * 600) < 5 * math.sqrt(4 * 600)
        assert (np.diff(arrival) >= 0).all()
        assert set(size[~added]) == {9.0}
        assert size[added].mean() > 100

    @pytest.mark.parametrize("scale", [0.25, 0.9, 1.7, 10.0])
    def test_a_scale_multiplies_the_rate_and_keeps_its_course(self, tmp_path, scale):
        rng = np.random.default_rng(2)
        times = np.concatenate([rng.random(2000) * 500, 500 + rng.random(8000) * 500])
        path = written(tmp_path, "arrival_s,work\n" + "\n".join(f"{t:.6f},{1 + (t > 500)}" for t in np.sort(times)))
        seen, work = replayed(path, names=("arrival", "work"), scale=scale)
        assert (np.diff(seen) >= 0).all()
        first = (seen < 500).sum()
        # Binomial below one, whole multiples and chance above.
        assert abs(first - 2000 * scale) < 5 * math.sqrt(2000 * max(scale, 0.1)) + 5
        assert abs(len(seen) - 10_000 * scale) < 5 * math.sqrt(10_000 * max(scale, 0.1)) + 5
        assert (work[seen < 490] == 1).all()
        assert (work[seen > 510] == 2).all()

    def test_scaled_passes_follow_one_another_in_order(self, tmp_path):
        path = written(tmp_path, "arrival_s\n" + "\n".join(f"{t:.3f}" for t in np.arange(0, 1003, 0.7)))
        seen = replayed(path, 20_000, scale=3.0)
        assert (np.diff(seen) >= 0).all()
        assert abs(20_000 / seen[-1] / (3.0 / 0.7) - 1) < 0.03


class TestCounts:
    def test_each_interval_holds_its_count(self, tmp_path):
        counts = np.random.default_rng(3).integers(0, 50, 300)
        path = written(tmp_path, "start_s,count\n" + "\n".join(f"{60 * k},{c}" for k, c in enumerate(counts)))
        seen = replayed(path)
        assert np.array_equal(np.bincount((seen // 60).astype(int), minlength=300), counts)
        assert (np.diff(seen) >= 0).all()

    def test_instants_inside_an_interval_are_uniform(self, tmp_path):
        from scipy.stats import kstest

        seen = replayed(written(tmp_path, "start_s,count\n0,100000\n60,1\n"))[:100_000]
        assert kstest(seen, "uniform", args=(0, 60)).pvalue > 1e-4

    def test_an_interval_without_a_row_is_empty(self, tmp_path):
        seen = replayed(written(tmp_path, "start_s,count\n0,5\n60,5\n240,5\n"))
        assert np.array_equal(np.bincount((seen // 60).astype(int)), [5, 5, 0, 0, 5])

    def test_the_file_begins_again_after_its_last_interval(self, tmp_path):
        path = written(tmp_path, "start_s,count\n600,5\n660,0\n720,5\n")
        assert cycle_s(path) == 180.0
        seen = replayed(path, 40)
        assert np.array_equal(np.bincount((seen // 60).astype(int)), [5, 0, 5] * 4)

    def test_a_count_of_a_million_is_drawn_as_it_goes(self, tmp_path):
        seen = replayed(written(tmp_path, "start_s,count\n0,1000000\n300,2\n"))
        assert len(seen) == 1_000_002
        assert seen[:-2].max() <= 300

    def test_scaling_down_keeps_each_request_with_that_chance(self, tmp_path):
        path = written(tmp_path, "start_s,count\n" + "\n".join(f"{60 * k},100" for k in range(2000)))
        counts = np.bincount((replayed(path, scale=0.3) // 60).astype(int), minlength=2000)
        assert abs(counts.mean() - 30) < 5 * math.sqrt(21 / 2000)
        assert abs(counts.var() / 21 - 1) < 5 * math.sqrt(2 / 2000)

    def test_columns_beside_counts_go_to_all_of_the_interval(self, tmp_path):
        path = written(tmp_path, "start_s,count,work\n0,3,0.5\n60,2,2\n")
        assert np.array_equal(replayed(path, names=("arrival", "work"))[1], [0.5, 0.5, 0.5, 2, 2])


BAD = {
    "no such column": ("time,n\n1,2\n", 1, "no column arrival_s"),
    "half of the columns": ("start_s\n1\n", 1, "no column arrival_s"),
    "empty": ("", 1, "no column arrival_s"),
    "header only": ("arrival_s\n", None, "holds no rows"),
    "blank rows only": ("arrival_s\n\n\n", None, "holds no rows"),
    "a word": ("arrival_s\n1\ntwo\n", 3, '"two" holds no number'),
    "nan": ("arrival_s\n1\nnan\n", 3, '"nan" holds no number'),
    "infinite": ("arrival_s\n1\ninf\n", 3, "holds no number"),
    "too large for a float": ("arrival_s\n1\n1e999\n", 3, "holds no number"),
    "a missing cell": ("a,arrival_s\n1,1\n2\n", 3, "holds no number"),
    "an empty cell": ("arrival_s,work\n1,1\n2,\n", 3, "holds no number"),
    "negative": ("arrival_s\n-1\n2\n", 2, "arrival_s is negative: -1"),
    "unordered": ("arrival_s\n1\n3\n\n2\n", 5, "arrival_s falls from 3 to 2"),
    "milliseconds since 1970": ("arrival_s\n1700000000000\n", 2, "give seconds"),
    "negative count": ("start_s,count\n0,-3\n60,1\n", 2, "count is negative: -3"),
    "half a request": ("start_s,count\n0,1\n60,2.5\n", 3, "count is 2.5"),
    "one interval twice": ("start_s,count\n0,1\n0,2\n", 3, "comes twice"),
    "an interval of another length": (
        "start_s,count\n" + "".join(f"{60 * k},1\n" for k in range(ROWS + 9)) + "4000000,1\n4000010,1\n",
        ROWS + 12, "interval",
    ),
    "one interval alone": ("start_s,count\n0,1\n", None, "how long it is"),
    "no arrivals in any interval": ("start_s,count\n0,0\n60,0\n", None, "all counts are zero"),
    "all at one instant": ("arrival_s\n5\n5\n5\n", None, "one instant"),
    "negative work": ("arrival_s,work\n1,-1\n", 2, "work is negative"),
    "model zero": ("arrival_s,model\n1,0\n", 2, "number models from 1"),
    "binary": (bytes(range(256)) * 40, 1, "no text"),
    "zeros": (b"\0" * 5000, 1, "no text"),
    "utf-16": ("arrival_s\n1\n2\n".encode("utf-16"), None, "does not read"),
    "binary rows": (b"arrival_s\n1\n\x80\x81\x00\xff\n", 3, "holds no number"),
    "an endless line": (b"arrival_s\n1\n" + b"7" * 3_000_000, 3, "characters"),
    "an endless first line": (b"a" * 3_000_000, 1, "first line"),
    "late in the file": ("arrival_s\n" + "".join(f"{k}\n" for k in range(ROWS + 5)) + "1\n", ROWS + 7, "falls from"),
    "at a chunk's start": ("arrival_s\n" + "".join(f"{k + 9}\n" for k in range(ROWS)) + "1\n", ROWS + 2, "falls from"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_its_line_and_a_way_to_mend_it(tmp_path, case):
    text, line, what = BAD[case]
    path = written(tmp_path, text)
    with pytest.raises(TraceError) as caught:
        replayed(path, 10**6)
    told = caught.value
    assert what in str(told)
    assert told.mend
    if line is not None and not told.where.endswith(path.name):
        assert told.where == f"{path}:{line}"


def test_a_truncated_gzip_is_refused(tmp_path):
    rng = np.random.default_rng(1)
    whole = gzip.compress(("arrival_s\n" + "\n".join(f"{t:.6f}" for t in np.sort(rng.random(50_000)))).encode())
    path = written(tmp_path, whole[: len(whole) // 2], "t.csv.gz")
    with pytest.raises(TraceError, match="does not read"):
        replayed(path)


def test_what_is_no_gzip_is_refused(tmp_path):
    with pytest.raises(TraceError, match="does not read"):
        replayed(written(tmp_path, "arrival_s\n1\n2\n", "t.csv.gz"))


def test_a_damaged_gzip_is_refused(tmp_path):
    whole = bytearray(gzip.compress(("arrival_s\n" + "\n".join(f"{k * 0.37:.3f}" for k in range(50_000))).encode()))
    whole[len(whole) // 2] ^= 0xFF
    with pytest.raises(TraceError):
        replayed(written(tmp_path, bytes(whole), "t.csv.gz"))


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(TraceError, match="does not read"):
            replayed(path)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6))
def test_decimals_are_read_as_python_reads_them(value):
    for text in (str(value), f"{value:e}", f" {value} "):
        raw = np.frombuffer(text.encode(), dtype=np.uint8)
        assert csvrows.number(raw, 0, len(raw)) == pytest.approx(float(text), rel=4e-16, abs=0)


@given(st.integers(0, 10**15 - 1), st.integers(0, 9))
def test_up_to_fifteen_digits_are_exact(digits, places):
    text = f"{digits / 1:.0f}" if places == 0 else f"{digits // 10**places}.{digits % 10**places:0{places}d}"
    raw = np.frombuffer(text.encode(), dtype=np.uint8)
    assert csvrows.number(raw, 0, len(raw)) == float(text)


@settings(max_examples=300)
@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)),
    st.sampled_from(["arrival_s\n", "start_s,count\n", ""]),
)
def test_whatever_a_file_holds_it_is_read_or_refused_and_never_breaks(tmp_path_factory, body, head):
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(head.encode() + body)
    try:
        rows = sum(len(chunk.at_s) for chunk in read(path))
    except TraceError as error:
        assert error.mend
        assert str(path) in error.where
    else:
        assert rows > 0


def test_an_open_stream_is_read_once_to_its_end(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _PIPED], input="arrival_s\n" + "\n".join(str(k / 8) for k in range(200_000)), text=True,
        capture_output=True, check=True, env=dict(os.environ),
    )  # fmt: skip
    assert done.stdout.split() == ["200000", "24999.875"]


_PIPED = """
import sys
from pathlib import Path
import numpy as np
from advisor.sim.replay import Recorded, RecordedFeed
feed = RecordedFeed(Recorded(path=Path("stdin")), 1, source=sys.stdin.buffer)
columns, n, last = np.empty((5, 10000)), 0, 0.0
while True:
    k = feed.fill(columns, 0, 10000)
    n, last = n + k, columns[0, k - 1] if k else last
    if k < 10000:
        break
print(n, last)
"""

_STREAMED = """
import resource, sys
from pathlib import Path
from advisor.sim.replay import Recorded
from advisor.sim.trace import Trace
n = 0
for path in map(Path, sys.argv[1:]):
    for block in Trace([Recorded(path=path, once=True)], seed=1).blocks():
        n += block.n
    print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_fifty_megabytes_stream_in_bounded_memory(tmp_path):
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    rows = b"".join(b"%d.%06d,1.0000\n" % (k // 100, k % 100 * 10_000) for k in range(200_000))
    small.write_bytes(b"arrival_s,work\n" + rows)
    assert len(rows) / 200_000 > 15
    with large.open("wb") as file:
        file.write(b"arrival_s,work\n")
        for part in range(16):
            file.write(
                b"".join(b"%d.%06d,1.0000\n" % (part * 2000 + k // 100, k % 100 * 10_000) for k in range(200_000))
            )
    assert large.stat().st_size > 50e6
    done = subprocess.run(
        [sys.executable, "-c", _STREAMED, small, large],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    (_, before), (n, after) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert n == 3_400_000
    # In KiB: sixteen times the file must not cost more than a few blocks.
    assert after - before < 20_000


def test_feeds_of_the_same_seed_place_counts_alike_in_any_blocks(tmp_path):
    path = written(tmp_path, "start_s,count\n" + "\n".join(f"{60 * k},{k % 7 * 30}" for k in range(100)))
    assert np.array_equal(replayed(path, 5000, scale=1.3), replayed(path, 5000, scale=1.3, cut=333))
    assert isinstance(RecordedFeed(Recorded(path=path), 1).fill(np.empty((5, 10)), 0, 10), int)
