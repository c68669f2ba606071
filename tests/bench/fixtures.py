"""What the comparisons of scripts/bench need: the built programs, a filled database, servers, files."""
import base64
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

import compare

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
INSTALLED = BUILD / "installed"
LLMCACHE = str(INSTALLED / "bin" / "llmcache")
LIBRARY_BENCH = str(BUILD / "bin" / "libcache-bench")
DATABASE = BUILD / "bench.db"
SQLITE = f"sqlite:{DATABASE}"
ENTRIES = 100_000
LARGE_ENTRY = 200_000_000
REDIS_ENTRIES = 1_000


def program(name):
    return shutil.which(name) or sys.exit(f"bench: needs {name}")


def output_of(*command, stdin=None):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stdin=stdin, env=environment()).stdout


def environment():
    """Hides the user's own configuration and cache."""
    nowhere = tempfile.gettempdir() + "/llmcache-bench-nowhere"
    return {"PATH": os.environ["PATH"], "HOME": nowhere, "XDG_CACHE_HOME": nowhere, "XDG_CONFIG_HOME": nowhere}


def build():
    subprocess.run([ROOT / "scripts" / "setup"], check=True)
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "bench"], cwd=ROOT, check=True)
    subprocess.run(["cmake", "--build", "--preset", "bench"], cwd=ROOT, check=True)
    # A file that the linker has just written is fragmented in the page cache: it starts up to 0.2 ms later than a copy.
    subprocess.run(["cmake", "--install", BUILD, "--prefix", INSTALLED], check=True, stdout=subprocess.DEVNULL)


def fill_database():
    """Fills the database again if the library is newer, and reads it once so that no comparison waits for the disk."""
    if not DATABASE.exists() or DATABASE.stat().st_mtime <= os.stat(LIBRARY_BENCH).st_mtime:
        for file in BUILD.glob("bench.db*"):
            file.unlink()
        output_of(LIBRARY_BENCH, "--store", SQLITE, "fill", str(ENTRIES))
        DATABASE.touch()
    with DATABASE.open("rb") as file:
        while file.read(1 << 20):
            pass


@contextlib.contextmanager
def redis_server(keys=0):
    """Starts a server with our entries and that many keys of others; gives its URL and port."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        server = subprocess.Popen([program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                                   "--dir", folder, "--enable-debug-command", "yes"], stdout=subprocess.DEVNULL)
        try:
            while subprocess.run([program("redis-cli"), "-p", str(port), "ping"], capture_output=True).returncode != 0:
                if server.poll() is not None:
                    sys.exit("bench: redis-server ended")
            output_of(program("redis-cli"), "-p", str(port), "debug", "populate", str(keys), "other", "100")
            url = f"redis://127.0.0.1:{port}"
            output_of(LIBRARY_BENCH, "--store", url, "fill", str(REDIS_ENTRIES))
            yield url, port
        finally:
            server.terminate()
            server.wait()


def timed(command, stdin="/dev/null"):
    """Seconds that a command takes; it must succeed."""
    done = compare.run_process(command, stdin, environment())
    if done.code != 0:
        sys.exit(f"bench: {command} ended with {done.code}")
    return done.seconds


@contextlib.contextmanager
def sample(kind, size):
    """A file with a request or an answer of that size."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(output_of(LIBRARY_BENCH, kind, str(size)))
        file.flush()
        yield file.name


@contextlib.contextmanager
def run_and_child():
    """Gives a function that makes a `run` command that misses, the child command that it starts, and their stdin."""
    with sample("request", 2 << 10) as request, sample("answer", 4 << 10) as answer, tempfile.TemporaryDirectory() as folder:
        child = [program("cat"), answer]
        run = [LLMCACHE, "--store", f"sqlite:{folder}/cache.db"]
        numbers = iter(range(1, 10**9))  # another sample of the same request each time
        yield lambda: [*run, "--sample", str(next(numbers)), "run", "--", *child], child, request


def random_text(size):
    return base64.b64encode(os.urandom(size * 3 // 4)).decode()


# Written in pieces: memory of this process would count in the peak of its children.
def large_response(file):
    file.write('{"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "')
    for _ in range(LARGE_ENTRY // 4000):
        file.write(random_text(4000))
    file.write('"}}]}')


def large_stream(file):
    for _ in range(LARGE_ENTRY // 4096):
        choice = {"index": 0, "delta": {"content": random_text(4000)}, "finish_reason": None}
        file.write(f"data: {json.dumps({'choices': [choice]})}\n\n")
    file.write('data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n')


@contextlib.contextmanager
def stored(make_body, stream):
    """Gives a store with one answer: the command without its verb, the request's file, and the size of the body."""
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        body, request = pathlib.Path(folder, "body"), pathlib.Path(folder, "request.json")
        request.write_text(json.dumps({"model": "m", "messages": [], "stream": stream}), encoding="utf-8")
        with body.open("w", encoding="utf-8") as file:
            make_body(file)
        command = [LLMCACHE, "--store", f"sqlite:{folder}/cache.db"]
        output_of(*command, "put", request, "--response", body)
        yield command, str(request), body.stat().st_size


def chat_events(file, count):
    for number in range(count):
        choice = {"index": 0, "delta": {"content": f" word{number * 7919 % 1000}"}, "logprobs": None, "finish_reason": None}
        event = {"id": "chatcmpl-B9x1", "object": "chat.completion.chunk", "model": "gpt-4o-mini", "choices": [choice]}
        file.write(f"data: {json.dumps(event)}\n\n")
    file.write('data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n')
