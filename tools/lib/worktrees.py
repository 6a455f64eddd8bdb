"""Commits of this repository that are checked out and built beside it, and leave nothing behind."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]


class ToolError(Exception):
    """What a user is told in place of a result."""


def end_on_signals():
    """Makes SIGTERM and SIGHUP end this program as Ctrl-C does, so that what is temporary is removed."""
    def leave(number, _):
        raise SystemExit(128 + number)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


GRACE = 5  # seconds
running = set()  # processes, each the first of a group
stopped = threading.Event()


def end(process):
    """Ends a process and what it started. First it is asked to: ninja has its compilers in groups of their own, and ends
    them itself."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(GRACE)


def stop_all():
    """Ends what other threads run, and lets them start nothing more."""
    stopped.set()
    for process in list(running):
        end(process)


def execute(words, cwd=ROOT, environment=None, limit=None):
    """Runs a command. What it printed on both streams, and its exit code; None where it ran past the limit, in
    seconds."""
    if stopped.is_set():
        raise ToolError("interrupted")
    try:
        process = subprocess.Popen([str(word) for word in words], cwd=cwd, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                   env={**os.environ, **(environment or {})}, start_new_session=True)
    except OSError as error:
        raise ToolError(f"cannot run {words[0]}: {error.strerror}") from None
    running.add(process)
    try:
        return process.communicate(timeout=limit)[0], process.returncode
    except subprocess.TimeoutExpired:
        end(process)
        return process.communicate()[0], None
    except BaseException:
        end(process)
        raise
    finally:
        running.discard(process)


def call(words, cwd=ROOT, environment=None):
    """Runs a command and returns what it printed; a failure is told with the lines that say why."""
    text, code = execute(words, cwd, environment)
    if code != 0:
        lines = text.splitlines()
        told = [line for line in lines if "error" in line.lower()][:5] or lines[-5:]
        raise ToolError("\n".join([f"`{' '.join(map(str, words))}` failed:", *told]))
    return text


def find_commit(name):
    """The full name of a commit, or None."""
    try:
        return call(["git", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"]).strip()
    except ToolError:
        return None


@contextlib.contextmanager
def worktree(commit, folder):
    """A folder with the files of the commit, while the context lasts."""
    try:
        call(["git", "worktree", "add", "--detach", folder, commit])
        yield pathlib.Path(folder)
    finally:
        # Whatever happens meanwhile, a second Ctrl-C too, the repository is not left with a worktree that is gone.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=False)
        signal.signal(signal.SIGINT, before)


# For ccache: files that were compiled in another folder are known again.
COMPILING = {"CCACHE_BASEDIR": "/", "CCACHE_NOHASHDIR": "1"}


def configure(folder, *options):
    """Configures a release build of the folder, with ccache where there is one; returns the folder of the build."""
    build = folder / "build" / "release"
    launcher = [f"-DCMAKE_CXX_COMPILER_LAUNCHER={shutil.which('ccache')}"] if shutil.which("ccache") else []
    call(["cmake", "-S", folder, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *launcher, *options])
    return build


def make(build, targets, jobs):
    """Builds targets; throws ToolError with the compiler's complaint."""
    call(["cmake", "--build", build, "--parallel", jobs, "--target", *targets], environment=COMPILING)


def cores():
    return len(os.sched_getaffinity(0))


def say(tool, message):
    print(f"{tool}: {message}", file=sys.stderr, flush=True)
