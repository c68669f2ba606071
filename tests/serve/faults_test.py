"""What clients of `llmcache serve` see when its store fails, and when a server is killed.

Usage: faults_test.py LLMCACHE
"""
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

import support
from support import CHAT, STREAM, request

BUDGET = 0.5  # seconds, as --deadline
SLACK = 3.0  # a busy machine's share
TAKE_OVER = 5.0
PAUSE = 0.05


class Stores(support.ServeTest):
    def with_store(self, url, *arguments, **options):
        return self.start("--store", url, "--deadline", f"{BUDGET}s", *arguments, **options)

    def assert_answers_of_the_upstream(self, serve):
        for number in range(3):
            for stream, expected in ((False, json.dumps(CHAT).encode()), (True, b"".join(STREAM))):
                calls, begin = self.calls(), time.monotonic()
                status, _, body = serve.call(body=request(f"question {number}", stream=stream))
                self.assertLess(time.monotonic() - begin, BUDGET + SLACK)
                self.assertEqual((status, body, self.calls()), (200, expected, calls + 1))

    def test_a_store_that_is_down(self):
        self.assert_answers_of_the_upstream(self.with_store("redis://127.0.0.1:9"))

    def test_a_store_that_accepts_connections_and_never_answers(self):
        with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
            serve = self.with_store(f"redis://127.0.0.1:{silent.getsockname()[1]}")
            self.assert_answers_of_the_upstream(serve)
            self.assertEqual(serve.messages().count("go upstream uncached"), 1)
            serve.stop()

    def test_a_store_that_stops_answering_and_goes_on_later(self):
        with support.redis(self.home) as (url, process):
            serve = self.with_store(url)
            serve.call(body=request())
            self.assertIn("hit", serve.call(body=request())[1]["cache-status"])
            process.send_signal(signal.SIGSTOP)
            self.assert_answers_of_the_upstream(serve)
            process.send_signal(signal.SIGCONT)
            deadline = time.monotonic() + 20
            while "hit" not in serve.call(body=request())[1]["cache-status"]:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(PAUSE)
            self.assertEqual(serve.messages().count("the store answers again"), 1)
            serve.stop()

    def test_a_store_that_dies(self):
        with support.redis(self.home) as (url, process):
            serve = self.with_store(url)
            serve.call(body=request())
            process.kill()
            process.wait()
            self.assert_answers_of_the_upstream(serve)
            self.assertEqual(serve.call("GET", "/_llmcache/health")[0], 503)
            serve.stop()

    def test_a_database_that_another_process_is_writing_to(self):
        database = self.home + "/cache.db"
        serve = self.with_store("sqlite:" + database)
        serve.call(body=request())
        other = sqlite3.connect(database, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.assert_answers_of_the_upstream(serve)
        other.execute("ROLLBACK")
        serve.call(body=request("later"))
        self.assertIn("hit", serve.call(body=request("later"))[1]["cache-status"])

    def test_a_redis_that_is_full(self):
        with support.redis(self.home, "--maxmemory", "1", "--maxmemory-policy", "noeviction") as (url, _):
            serve = self.with_store(url)
            self.assert_answers_of_the_upstream(serve)
            self.assertEqual(len(self.warnings(serve)), 1)
            status, _, health = serve.call("GET", "/_llmcache/health")
            self.assertEqual((status, json.loads(health)["status"]), (200, "ok"))
            self.assertIn("maxmemory", json.loads(health)["not_storing"])
            serve.stop()

    def test_a_disk_that_is_full(self):
        serve = self.with_store("sqlite:" + self.home + "/cache.db", prefix=("prlimit", "--fsize=0"),
                                environment={"TEST_TMPDIR": "/nonexistent"})  # else the thread sanitizer writes a file there
        self.assert_answers_of_the_upstream(serve)

    def test_a_store_that_can_only_be_read_gives_hits_and_stores_nothing(self):
        store = "sqlite:" + self.home + "/cache.db"
        writer = self.with_store(store)
        writer.call(body=request())
        writer.stop()
        reader = self.with_store(store + "?read_only=1")
        self.assertIn("hit", reader.call(body=request())[1]["cache-status"])
        self.assert_answers_of_the_upstream(reader)
        status = reader.call(body=request("question 0"))[1]["cache-status"]
        self.assertIn("uri-miss", status)
        self.assertIn("detail=", status)  # why it will not be stored

    def warnings(self, serve):
        return [line for line in serve.messages().splitlines() if "cannot be stored" in line or "go upstream uncached" in line]


class Killed(support.ServeTest):
    def stream_until_gate(self, handler, _):
        """The first caller gets one event and waits; all others get a whole stream."""
        if len(self.upstream.requests) > 1:
            return self.upstream.answer_chat(handler, request(stream=True))
        handler.begin_chunks()
        handler.send_chunk(STREAM[0])
        self.upstream.gate.wait(30)

    def silent_until_gate(self, handler, _):
        if len(self.upstream.requests) > 1:
            return self.upstream.answer_chat(handler, request(stream=True))
        self.upstream.gate.wait(30)

    def ask(self, serve):
        client = serve.connection()
        self.addCleanup(client.close)
        client.request("POST", "/v1/x", body=request(stream=True), headers={"content-type": "application/json"})
        return client

    def wait_for_calls(self, number):
        deadline = time.monotonic() + 20
        while self.calls() < number:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(PAUSE)

    def kill(self, serve):
        os.kill(serve.ready["pid"], signal.SIGKILL)
        serve.process.wait(20)

    def test_a_server_killed_while_it_records_stores_nothing(self):
        for number, store in enumerate(("sqlite:{}/cache.db", "dir:{}/recorded")):
            with self.subTest(store):
                store = store.format(self.home)
                self.upstream.requests.clear()
                self.upstream.answer = self.stream_until_gate
                serve = self.start("--store", store)
                answer = self.ask(serve).getresponse()
                self.assertEqual(answer.read1(), STREAM[0])
                self.kill(serve)
                with self.assertRaises((http.client.HTTPException, ConnectionError)):
                    answer.read()
                listed = subprocess.run([self.program, "--store", store, "--json", "ls"], capture_output=True, check=True,
                                        env=self.serve.environment)
                self.assertEqual(listed.stdout, b"")
                again = self.start("--store", store)
                for outcome in ("uri-miss", "hit"):
                    _, headers, body = again.call(path="/v1/x", body=request(stream=True))
                    self.assertIn(outcome, headers["cache-status"])
                    self.assertEqual(body, b"".join(STREAM))
                again.stop()

    def test_a_server_killed_at_any_moment_leaves_whole_answers_or_none(self):
        random.seed(13)
        for kind in ("sqlite:{}/any.db", "dir:{}/any"):
            store = kind.format(self.home)
            for attempt in range(8):
                serve = self.start("--store", store)
                killer = threading.Timer(random.uniform(0, 0.05), lambda: self.kill(serve))
                killer.start()
                asked = 0
                try:
                    while True:
                        serve.call(path="/v1/x", body=request(f"{attempt} {asked}", stream=asked % 2 == 0))
                        asked += 1
                except (OSError, http.client.HTTPException):
                    killer.join()
                survivor = self.start("--store", store, "--mode", "replay")
                for number in range(asked + 1):
                    stream = number % 2 == 0
                    status, _, body = survivor.call(path="/v1/x", body=request(f"{attempt} {number}", stream=stream))
                    whole = b"".join(STREAM) if stream else json.dumps(CHAT).encode()
                    self.assertIn(status, (200, 404))
                    self.assertEqual(body if status == 200 else whole, whole)
                survivor.stop()

    def test_followers_on_another_server_take_over_from_a_killed_leader_that_sent_nothing_yet(self):
        with support.redis(self.home) as (url, _):
            leading, following = self.start("--store", url), self.start("--store", url)
            self.upstream.answer = self.silent_until_gate
            self.ask(leading)
            self.wait_for_calls(1)
            clients = [self.ask(following) for _ in range(3)]
            time.sleep(10 * PAUSE)
            self.assertEqual(self.calls(), 1)
            self.kill(leading)
            begin = time.monotonic()
            for client in clients:
                self.assertEqual(client.getresponse().read(), b"".join(STREAM))
            self.assertLess(time.monotonic() - begin, TAKE_OVER)
            self.assertEqual(self.calls(), 2)
            following.stop()

    def test_a_follower_on_another_server_asks_once_if_the_answer_is_not_stored(self):
        def refuse(handler, _):
            if len(self.upstream.requests) == 1:
                self.upstream.gate.wait(20)
            handler.send(429, b"{}")
        self.upstream.answer = refuse
        statuses = []
        servers = [self.serve, self.start()]
        threads = [threading.Thread(target=lambda serve=serve: statuses.append(serve.call(body=request())[0])) for serve in servers]
        threads[0].start()
        while not self.upstream.requests:
            time.sleep(0.01)
        threads[1].start()
        time.sleep(0.3)
        self.upstream.gate.set()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [429, 429])
        self.assertEqual(self.calls(), 2)

    def test_what_a_follower_on_another_server_has_to_ask_for_itself_is_not_called_collapsed(self):
        def refuse_first(handler, body):
            if len(self.upstream.requests) > 1:
                return self.upstream.answer_chat(handler, body)
            self.upstream.gate.wait(20)
            return handler.send(500, b"{}")
        self.upstream.answer = refuse_first
        leader = self.ask(self.serve)
        self.wait_for_calls(1)
        follower = self.ask(self.start())
        time.sleep(5 * PAUSE)
        self.upstream.gate.set()
        self.assertEqual(leader.getresponse().status, 500)
        answer = follower.getresponse()
        self.assertEqual((answer.status, answer.headers["cache-status"]), (200, "llmcache; fwd=uri-miss"))

    def test_a_follower_on_another_server_gets_the_content_type(self):
        other = self.start()
        for number in range(5):  # the head and the first bytes may be one packet
            self.upstream.gate.clear()
            self.upstream.answer = lambda handler, body: (self.upstream.gate.wait(20), handler.wfile.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: %d\r\n\r\n%s" % (
                    len(json.dumps(CHAT)), json.dumps(CHAT).encode())))
            before = self.calls()
            body = request(f"type {number}")
            answers = []
            threads = [threading.Thread(target=lambda serve=serve: answers.append(serve.call(body=body))) for serve in (self.serve, other)]
            threads[0].start()
            self.wait_for_calls(before + 1)
            threads[1].start()
            time.sleep(2 * PAUSE)
            self.upstream.gate.set()
            for thread in threads:
                thread.join()
            self.assertEqual({(answer[1]["content-type"], answer[2]) for answer in answers},
                             {("application/json; charset=utf-8", json.dumps(CHAT).encode())})

    def test_what_llmcache_run_is_recording_with_its_header_block_is_served_without_it(self):
        chat = json.dumps(CHAT).encode()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
        failed = b'HTTP/1.1 500 No\r\n\r\n{"error":{"message":"no"}}'
        for printed, calls in ((head + chat, 0), (chat, 0), (failed, 1)):
            with self.subTest(printed[:30]):
                body = request(f"run {printed[:30]}")
                before = self.calls()
                script = b"read line; printf '%s' \"$FIRST\"; sleep 0.6; printf '%s' \"$REST\""
                environment = {**self.serve.environment, "FIRST": printed[:20], "REST": printed[20:]}
                run = subprocess.Popen([self.program, "run", "--endpoint", self.upstream.url + "/v1/x", "--", "sh", "-c", script],
                                       stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
                run.stdin.write(body + b"\n")
                run.stdin.close()
                time.sleep(4 * PAUSE)
                status, headers, answer = self.serve.call(path="/v1/x", body=body)
                self.assertEqual((status, headers["content-type"], answer), (200, "application/json", chat))
                self.assertEqual(self.calls() - before, calls)
                run.wait(20)

    def test_followers_on_another_server_see_a_broken_answer_when_the_leader_is_killed_in_its_middle(self):
        with support.redis(self.home) as (url, _):
            leading, following = self.start("--store", url), self.start("--store", url)
            self.upstream.answer = self.stream_until_gate
            self.assertEqual(self.ask(leading).getresponse().read1(), STREAM[0])
            answers = [self.ask(following).getresponse() for _ in range(3)]
            for answer in answers:
                self.assertEqual(answer.read1(), STREAM[0])
            self.kill(leading)
            begin = time.monotonic()
            for answer in answers:
                with self.assertRaises((http.client.HTTPException, ConnectionError)):
                    answer.read()
            self.assertLess(time.monotonic() - begin, TAKE_OVER)
            self.assertEqual(following.call(path="/v1/x", body=request(stream=True))[2], b"".join(STREAM))
            following.stop()


if __name__ == "__main__":
    support.main(sys.argv)
