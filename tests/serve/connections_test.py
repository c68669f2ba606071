"""2,000 connections to `llmcache serve`, half of which stream: no error, no growing memory, no descriptor left over.

Usage: connections_test.py LLMCACHE [SECONDS]
"""
import asyncio
import json
import os
import pathlib
import resource
import sys
import tempfile
import time

import support

CONNECTIONS = 2000
STREAMS = 1000
EVENTS_PER_STREAM = 5
INTERVAL = 4.0  # seconds between two events of a stream
REQUEST_INTERVAL = 5.0  # between two requests of a connection that does not stream
# The address sanitizer keeps freed memory for a while, by default 256 MiB of it, which would look like growth.
LITTLE_QUARANTINE = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"
MOST_GROWTH = 16 << 20  # bytes, between half of the time and the end
MOST_BYTES = 128 << 10  # of memory for each stream
DESCRIPTORS = 4 * CONNECTIONS
OPENED_LATER = 16  # descriptors: what the store opens when it is first used by several threads
STARTING = 50  # connections at one time, fewer than wait for accept()


async def answer_upstream(reader, writer):
    """A provider that streams slowly and answers everything else at once. It closes each connection, because `serve` would keep some."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    body = json.loads(await reader.readexactly(int(fields[b"content-length"])))
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n")
    if body.get("stream"):
        writer.write(b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for number in range(EVENTS_PER_STREAM):
            write_chunk(writer, support.event(support.delta(f"word {number}")))
            await asyncio.sleep(INTERVAL)
        write_chunk(writer, b"".join(support.STREAM[2:]))
        write_chunk(writer, b"")
    else:
        text = json.dumps(support.CHAT).encode()
        writer.write(b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(text), text))
    writer.close()


def write_chunk(writer, data):
    writer.write(b"%x\r\n%s\r\n" % (len(data), data))


async def ask(reader, writer, body):
    """The whole body of an answer."""
    writer.write(b"POST /v1/x HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                 % (len(body), body))
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    if b"content-length: " in head:
        return await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
    received = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        received += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return received


class Load:
    def __init__(self, port, end):
        self.port, self.end = port, end
        self.answers = 0
        self.starting = asyncio.Semaphore(STARTING)

    async def client(self, number):
        async with self.starting:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        streams = number < STREAMS
        asked = 0
        while time.monotonic() < self.end:
            # Other clients ask the same at the same time, and again later.
            text = f"stream {number} {asked}" if streams else f"question {asked % 10} {number % 10}"
            received = await ask(reader, writer, support.request(text, stream=streams))
            if streams:
                assert received.count(b"data: ") == EVENTS_PER_STREAM + 2 and received.endswith(b"[DONE]\n\n"), received
            else:
                assert json.loads(received) == support.CHAT, received
                await asyncio.sleep(REQUEST_INTERVAL)
            asked += 1
            self.answers += 1
        writer.close()
        await writer.wait_closed()


def memory(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) << 10


def descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


async def sample(pid, start, end, samples):
    while time.monotonic() < end:
        samples.append((time.monotonic() - start, memory(pid), descriptors(pid)))
        await asyncio.sleep(1)


async def settle(pid, most, seconds=30):
    """How many descriptors are open when no more than `most` are, or after so many seconds."""
    deadline = time.monotonic() + seconds
    while descriptors(pid) > most and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    return descriptors(pid)


async def run(program, home, seconds):
    upstream = await asyncio.start_server(answer_upstream, "127.0.0.1", 0, backlog=CONNECTIONS)
    serve = await asyncio.to_thread(support.Serve, program, home, "--max-connections", str(2 * CONNECTIONS), "--upstream",
                                    f"http://127.0.0.1:{upstream.sockets[0].getsockname()[1]}",
                                    environment={"ASAN_OPTIONS": LITTLE_QUARANTINE})
    try:
        pid = serve.ready["pid"]
        idle_memory, idle = memory(pid), descriptors(pid)
        start, samples = time.monotonic(), []
        load = Load(serve.port, start + seconds)
        await asyncio.gather(sample(pid, start, start + seconds, samples), *(load.client(number) for number in range(CONNECTIONS)))
        left = await settle(pid, idle + OPENED_LATER)
        later = [size for at, size, _ in samples if seconds / 2 < at]
        report = {"seconds": seconds, "answers": load.answers, "most_descriptors": max(count for *_, count in samples),
                  "descriptors_before": idle, "descriptors_after": left, "memory_idle": idle_memory,
                  "memory_at_half": later[0], "memory_most": max(later), "memory_per_stream": (max(later) - idle_memory) // STREAMS}
        print(json.dumps(report))
        assert report["most_descriptors"] > CONNECTIONS, report
        # The address sanitizer puts space around all memory.
        factor = 4 if "asan" in pathlib.Path(f"/proc/{pid}/maps").read_text() else 1
        assert report["memory_most"] - report["memory_at_half"] < factor * MOST_GROWTH, report
        assert report["memory_per_stream"] < factor * MOST_BYTES, report
        assert left <= idle + OPENED_LATER, report
        assert serve.messages() == "", serve.messages()
    finally:
        await asyncio.to_thread(serve.stop)


def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < DESCRIPTORS:
        sys.exit(f"needs {DESCRIPTORS} descriptors, but {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(run(sys.argv[1], home, float(sys.argv[2]) if len(sys.argv) > 2 else 60.0))


if __name__ == "__main__":
    main()
