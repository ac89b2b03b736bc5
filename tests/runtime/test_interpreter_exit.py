"""A program ends when it ends, whatever it forgot, and a fork does not share its parent's Arbiter."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.support.processes import wait_for_end_of
from tests.support.soundness import assert_sound

ROOT = Path(__file__).parents[2]
HEAD = """
import sys, threading
from arbiter import connect
from tests.support import handlers

stuck = threading.Event()
begun = threading.Event()

def hang(task):
    begun.set()
    stuck.wait()

arbiter = connect(dsn=sys.argv[1])
arbiter.agent("a", kinds="work")(lambda task: task.payload)
arbiter.agent("b", kinds="hang")(hang)
arbiter.agent("c", kinds="apart", isolation="process")(handlers.stay)
if __name__ == "__main__":
    arbiter.start()
    print(arbiter.wait(arbiter.submit("work", "worked").task_id, 10).result, flush=True)
"""


@pytest.fixture
def run(database, tmp_path):
    def run(rest):
        program = tmp_path / "program.py"
        program.write_text(HEAD + textwrap.indent(textwrap.dedent(rest), "    "))
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, str(program), database.dsn],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            said = []
            ended = None
            for line in process.stdout:
                said.append(line.strip())
                if line.startswith("end"):
                    ended = time.monotonic()
            code = process.wait(10)
            took = time.monotonic() - (ended or began)
            return code, said, process.stderr.read(), took

    yield run
    assert_sound(database.dsn, at_rest=False)


def quick(outcome, *said):
    code, lines, errors, took = outcome
    assert (code, errors) == (0, "")
    assert lines == ["worked", *said, "end"]
    assert took < 3, f"it took {took:.1f} s to end"


def test_a_program_that_stops(run):
    quick(run("arbiter.stop(); print('end')"))


def test_a_program_that_forgets_to_stop(run):
    quick(run("print('end')"))


def test_a_program_that_forgets_a_handler_in_a_thread(run):
    quick(run("arbiter.submit('hang'); begun.wait(); print('end')"))


def test_a_program_that_stops_beside_a_stuck_handler(run):
    quick(run("arbiter.submit('hang'); begun.wait(); arbiter.stop(drain=0.1); print('end')"))


def test_a_program_that_forgets_a_handler_in_a_process(run, tmp_path):
    told = tmp_path / "pid"
    quick(
        run(
            f"""
            from pathlib import Path
            from tests.support.processes import pid_told
            arbiter.submit("apart", {str(told)!r})
            pid_told(Path({str(told)!r}))
            print("end")
            """
        )
    )
    wait_for_end_of(int(told.read_text()), within=3)


def test_a_program_that_falls(run):
    code, lines, errors, took = run("print('end', flush=True); raise KeyError('mine')")
    assert (code, lines) == (1, ["worked", "end"])
    assert errors.rstrip().endswith("KeyError: 'mine'")
    assert took < 3


def test_a_fork_is_noticed(run):
    quick(
        run(
            """
            import os
            from arbiter import ArbiterError
            child = os.fork()
            if child == 0:
                try:
                    arbiter.submit("work")
                except ArbiterError as no:
                    assert no.code == "stopped", no.code
                    assert "fork" in str(no)
                else:
                    os._exit(2)
                arbiter.stop()
                with connect(dsn=sys.argv[1]) as own:
                    own.submit("work", "child")
                os._exit(0)
            _, status = os.waitpid(child, 0)
            print("child", os.waitstatus_to_exitcode(status), flush=True)
            print(arbiter.wait(arbiter.submit("work", "parent").task_id, 10).result, flush=True)
            arbiter.stop()
            print("end")
            """
        ),
        "child 0",
        "parent",
    )


def test_a_forked_child_does_not_stop_its_parent_s_server(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import os, sys
            from pathlib import Path
            from arbiter import connect
            arbiter = connect(embedded_dir=Path(sys.argv[1]))
            arbiter.submit("work", any_kind=True)
            child = os.fork()
            if child == 0:
                arbiter.stop()
                os._exit(0)
            os.waitpid(child, 0)
            print(arbiter.submit("work", any_kind=True).status)
            arbiter.stop()
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path / "state")],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "queued", "")
