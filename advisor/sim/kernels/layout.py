"""Where each number of a station's state lives in the arrays that its kernel reads and writes.

Compiled code sees these names as constants. One array of floats and one of integers instead of forty arguments: a call
of a compiled function costs about a tenth of a microsecond an argument, and there is one call a control instant.
"""

from __future__ import annotations

# Answers of a kernel: why it came back.
REACHED, BLOCK_ENDS, NEEDS_ROOM, NEEDS_DRAWS, UNIT_ENDED = range(5)

STEPS = 1048576.0
GRID = 1.0 / STEPS

# Statuses, as in advisor.sim.statuses.
PENDING, SERVED, THROTTLED, REJECTED, TIMED_OUT, EXPIRED, NOT_READY, FAILED, REFUSED = range(-1, 8)

# The log-linear histogram: 512 bins an octave from 2**-20 s on, so a bin's middle is within 0.1 % of all it holds.
OCTAVES = 64
BINS_AN_OCTAVE = 512
BINS = OCTAVES * BINS_AN_OCTAVE
FIRST_BIN = (1023 - 20) * BINS_AN_OCTAVE
BIN_SHIFT = 52 - 9

# Ledger, integers: requests of the window by final status (0 .. 7), and
L_PENDING = 8  # ... without an answer at the end of the run
L_ARRIVED = 9  # ... that arrived
L_CLOSED = 10  # ... that have their final status
L_ATTEMPTS = 11  # attempts of the whole run, but for the refused ones: what a metric counts
L_WINDOW_ATTEMPTS = 12  # attempts that arrived in the window
L_COLD = 13  # requests of the window whose last attempt met a cold start
L_ON_DEMAND_MS = 15
L_PROVISIONED_MS = 16
L_COLD_STARTS = 17  # containers or models loaded in the window
L_TOTAL = 18  # requests of the whole run
L_TOTAL_CLOSED = 19
L_PUTS = 20
L_SIZE = 24

# Ledger, floats
S_LATENCY = 0  # seconds, served requests of the window
S_WAIT = 2  # seconds from the last attempt's arrival to its start, served requests of the window
S_BUSY = 3  # worker-seconds inside the window
S_BYTES_IN = 4
S_BYTES_OUT = 5
S_SIZE = 8

# Numbers of a deployment that all stations share (floats)
P_MEAN = 0
P_LIMIT = 1
P_BASE = 2
P_CAP = 3
P_PAYLOAD_MAX = 4
P_FAIL_SHARE = 5
P_FROM = 6
P_TO = 7
P_STOP = 8
P_OVERHEAD = 9
P_COLD_MEAN = 10
P_KEEP_ALIVE = 11
P_UPLOAD = 12
P_DOWNLOAD = 13
P_TTL = 14
P_TIMEOUT = 15
P_WAIT = 16  # dynamic batching
P_MARGINAL = 17
P_SPARE = 18  # state of one station, see there
P_GROWTH = 28  # of the longest back-off from one attempt to the next
P_SETUP = 29  # of a call on a provisioned container
P_SPREADS = 30  # of cold starts, of loads: what the logarithm of their multiplier spreads by
P_SPLIT = 32  # requests of the window that arrive before it are in a ledger of their own, behind the other one
P_SIZE = 36

# Integers: the same for all stations
Q_ROW = 0  # next row of the block
Q_ROWS = 1
Q_FIRST = 2  # number of the block's first request
Q_TRACE_ENDS = 3  # no block comes after this one
Q_ATTEMPTS = 4  # attempts a request may make
Q_RECORD = 5  # write the columns of every request
Q_RETRIES = 6  # requests that wait for their back-off
Q_FREE_ROWS = 7  # rows of the carried table that are free
Q_ENDED = 8  # the unit that ended (UNIT_ENDED)
Q_RUNS_ON = 9
Q_WORKERS = 10
Q_SERVING = 11  # units in service
Q_QUEUE_LIMIT = 12
Q_ROUTING = 13  # 0 random, 1 least outstanding
Q_TRACK = 14
Q_EVENTS = 15  # entries of the heap of finishes
Q_BUSY = 16
Q_SPARE = 20  # state of one station, see there
Q_SIZE = 48

# Columns of a request that is carried from one block to another
C_FIRST, C_WORK, C_BYTES_IN, C_BYTES_OUT, C_ENTRY, C_START, C_FINISH, C_VIRTUAL, C_COLUMNS = range(9)
N_NUMBER, N_ATTEMPT, N_LUCK, N_UNIT, N_SLOT, N_NEXT, N_STATE, N_SERIAL, N_MODEL, N_CALL, N_ANSWERED, N_COLUMNS = range(
    12
)

# Draws of an attempt, in the order of the trace's columns
D_ROUTE, D_BACKOFF, D_FAIL, D_COLD, D_LOAD, D_KINDS = range(6)

# Columns on request
R_ARRIVAL, R_START, R_FINISH, R_ANSWERED, R_FIRST, R_FLOATS = range(6)
R_STATUS, R_INSTANCE, R_SLOT, R_ATTEMPTS, R_INTS = range(5)
