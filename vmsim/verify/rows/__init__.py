"""The sentences, by the guest they are proved on. Within a cycle, rows go on at a moment in the order given here.

A further part of the product adds its rows here; R15 to R23 are such parts'.
"""

from vmsim.verify import cast
from vmsim.verify.cycle import Cycle
from vmsim.verify.rows import addresses, calls, edits, kept, shutdown

CYCLES = (
    Cycle(
        "the guest that is kept",
        cast.kept,
        (*shutdown.ROWS, *kept.ROWS, *addresses.ROWS, *edits.PASSWORD_ROWS, *calls.STOP_ROWS),
    ),
    Cycle("the guest that is edited", cast.edited, (*edits.ROWS, *addresses.ELASTIC_ROWS, *calls.FOLLOW_UP_ROWS)),
)
