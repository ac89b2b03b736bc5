"""What a review costs is what it really used."""

import sys
import time

import pytest

from arbiter.interfaces.demo.cpu import CpuClock, run

BUSY = "import time\nwhile time.process_time() < 0.2: pass\n"


def python(program):
    return [sys.executable, "-I", "-c", program]


def test_a_program_s_processor_time_is_counted_its_waiting_is_not():
    cpu = CpuClock()
    run(python(BUSY), b"", cpu)
    assert 0.2 <= cpu.seconds < 1.0
    waiting = CpuClock()
    time.sleep(0.05)
    assert waiting.seconds < 0.05


def test_what_this_thread_does_is_counted():
    cpu, until = CpuClock(), time.thread_time() + 0.05
    while time.thread_time() < until:
        pass
    assert cpu.seconds >= 0.05


def test_a_program_reads_its_text_and_is_heard():
    program = "import sys; text = sys.stdin.read(); print(text * 2); print('oh', file=sys.stderr); exit(3)"
    ran = run(python(program), b"word" * 100_000, CpuClock())
    assert (ran.code, ran.stdout, ran.stderr) == (3, b"word" * 200_000 + b"\n", b"oh\n")


def test_a_program_that_takes_too_long_is_killed():
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"longer than 0\.2 s"):
        run(python("import time; time.sleep(60)"), b"", CpuClock(), patience=0.2)
    assert time.monotonic() - began < 30


def test_a_program_that_dies_by_a_signal_says_which():
    ran = run(python("import os; os.abort()"), b"", CpuClock())
    assert ran.code == -6
