"""What the comparisons of `llmcache serve` need: an upstream, serve in front of it, and nginx with a cache as its partner."""
import asyncio
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from fixtures import LLMCACHE, ROOT, environment, program, random_text

PATH = "/v1/chat/completions"
NGINX = """
{user} daemon off; worker_processes 1; error_log stderr crit; pid {folder}/pid;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_buffer_size 64k; client_body_in_single_buffer on;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache keys_zone=answers:10m;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://127.0.0.1:{upstream};
      {location}
    }}
  }}
}}
"""
CACHING = """
proxy_cache answers; proxy_cache_methods POST; proxy_cache_key "$uri$request_body"; proxy_cache_valid 200 1h;
"""
PASSING_ON = "proxy_buffering off; proxy_http_version 1.1;"


class Upstream:
    """Answers each request with a chat completion of about 4 KB, in a thread of its own."""

    def __init__(self, wait=0.0):
        body = json.dumps({"id": "c", "object": "chat.completion", "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": random_text(3900)}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 2}}).encode()
        self.answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        self.wait = wait
        self.calls = 0
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    async def serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(re.search(rb"content-length: (\d+)", head.lower()).group(1)))
                self.calls += 1
                await asyncio.sleep(self.wait)
                writer.write(self.answer)
                await writer.drain()
        writer.close()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def process(port, command):
    """Runs a server until it accepts connections, gives the id of its process, and ends it afterwards."""
    server = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            if server.poll() is not None:
                sys.exit(f"bench: {command[0]} ended with {server.returncode}")
            time.sleep(0.01)
        yield server.pid
    finally:
        server.terminate()
        server.wait()


def serve_command(folder, port, upstream, *options):
    return [LLMCACHE, "serve", "--listen", f"127.0.0.1:{port}", "--upstream", f"bench=http://127.0.0.1:{upstream}",
            "--store", f"sqlite:{folder}/cache.db", "-q", *options]


@contextlib.contextmanager
def serve(upstream):
    """Gives the port and the path of a serve in front of an upstream."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        with process(port, serve_command(folder, port, upstream.port)):
            yield port, "/bench" + PATH


def nginx_command(folder, port, upstream, location):
    binary = shutil.which("nginx") or str(ROOT / ".deps/nginx/usr/sbin/nginx")
    configuration = pathlib.Path(folder, "nginx.conf")
    configuration.write_text(NGINX.format(user="user root;" if os.geteuid() == 0 else "", folder=folder, port=port,
                                          upstream=upstream, location=location))
    return [binary, "-p", folder, "-c", str(configuration)]


@contextlib.contextmanager
def nginx(upstream):
    """The same for nginx with proxy_cache, keyed by the path and the body."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        with process(port, nginx_command(folder, port, upstream.port, CACHING)):
            yield port, PATH


def memory_of(process_id):
    status = pathlib.Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    return 1024 * int(re.search(r"VmRSS:\s+(\d+)", status).group(1))


@contextlib.contextmanager
def stream_load(count, chunks_per_second, seconds):
    """Gives the port of an upstream of so many streams, and a function that asks for all of them and gives its report."""
    command = [str(ROOT / "build/bench/bin/stream-load"), str(count), str(chunks_per_second), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        def ask(port, path, while_running=lambda: None):
            print(port, path, file=running.stdin, flush=True)
            time.sleep(0.9 * seconds)
            while_running()
            report = json.loads(running.stdout.readline())
            if report["whole"] != count:
                sys.exit(f"bench: not every stream was whole: {report}")
            return report
        yield int(running.stdout.readline()), ask


def streams(count, chunks_per_second, seconds):
    """What stream-load reports of so many streams through serve, and the memory of serve for each of them."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, stream_load(count, chunks_per_second, seconds) as (upstream, ask), \
         process(port, serve_command(folder, port, upstream, "--max-connections", str(2 * count))) as serving:
        memory = [memory_of(serving)]
        report = ask(port, "/bench" + PATH, lambda: memory.append(memory_of(serving)))
        return report | {"memory_per_stream": (memory[1] - memory[0]) // count}


def nginx_streams(count, chunks_per_second, seconds):
    """The same through nginx, which only passes the chunks on and records nothing."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, stream_load(count, chunks_per_second, seconds) as (upstream, ask), \
         process(port, nginx_command(folder, port, upstream, PASSING_ON)):
        return ask(port, PATH)


def load(port, path, clients, seconds=1):
    """Sends one request again and again: requests a second and the median latency in microseconds."""
    request = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 1900}]})
    script = f"""
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = [==[{request}]==]
function done(summary, latency, requests)
  io.stderr:write(summary.requests / summary.duration * 1e6, " ", latency:percentile(50), " ",
                  summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout, "\\n")
end
"""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        done = subprocess.run([program("wrk"), "-t", "1", "-c", str(clients), "-d", f"{seconds}s", "-s", file.name,
                               f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True)
    rate, latency, errors = map(float, done.stderr.split())
    if errors > 0:
        sys.exit(f"bench: {errors} requests failed")
    return rate, latency


def first_byte(connection, path, number):
    """Seconds until the first byte of the answer to a request that nobody has sent before."""
    body = json.dumps({"model": "m", "messages": [], "seed": number}).encode()
    begin = time.perf_counter()
    connection.sendall(b"POST %s HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                       % (path.encode(), len(body)) + body)
    received = connection.recv(1)
    seconds = time.perf_counter() - begin
    while not received.endswith(b"}}"):  # the end of the answer
        received += connection.recv(1 << 16)
    return seconds
