"""Reading a serial log."""

from __future__ import annotations

from vmsim.verify.outside import own_words

LOG = """vmsim-tiny: root partition grows from 1 to 2 sectors
VMSIM-READY {"hostname": "a"}
vmsim-tiny: power button
vmsim-tiny: stopping: poweroff
[    4.820336] reboot: Power down
Linux version 6.1
VMSIM-READY {"hostname": "a"}

vmsim tiny a /dev/ttyS0
a login: vmsim-tiny: power button
vmsim-tiny: stopping: poweroff
vmsim-tiny: file systems are clean
[    4.820336] reboot: Power down
"""


def test_init_s_words_of_the_last_boot_without_the_press() -> None:
    assert own_words(LOG) == ("stopping: poweroff", "file systems are clean")


def test_a_log_without_them_is_empty() -> None:
    assert own_words("Linux version 6.1\n") == ()
