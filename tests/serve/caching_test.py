"""What `llmcache serve` caches, and what it passes through.

Usage: caching_test.py LLMCACHE
"""
import gzip
import json
import pathlib
import subprocess
import sys
import threading
import time

import support
from support import CHAT, STREAM, event, delta, request


class Caching(support.ServeTest):
    def put(self, body, recorded):
        pathlib.Path(self.home, "request").write_bytes(body)
        subprocess.run([self.program, "put", "--endpoint", self.upstream.url + "/v1/chat/completions", self.home + "/request"],
                       input=recorded, check=True, env=self.serve.environment)

    def test_a_long_content_type_loses_its_parameters_on_a_hit_and_nothing_else(self):
        long = 'application/json; profile="https://example.com/a/rather/long/profile/of/json"; charset=utf-8'
        self.upstream.answer = lambda handler, _: handler.send(200, json.dumps(CHAT).encode(), [("content-type", long)])
        self.assertEqual([self.serve.call(body=request())[1]["content-type"] for _ in range(2)], [long, "application/json"])

    def test_the_second_identical_request_is_a_hit_with_the_same_bytes(self):
        first = self.serve.call(body=request())
        second = self.serve.call(body=request())
        self.assertEqual((first[0], first[2]), (200, json.dumps(CHAT).encode()))
        self.assertEqual((second[0], second[2]), (first[0], first[2]))
        self.assertEqual(first[1]["cache-status"], "llmcache; fwd=uri-miss")
        self.assertRegex(second[1]["cache-status"], r'^llmcache; hit; ttl=\d+; key="llmcache:default_[0-9a-f]{32}_at_[0-9a-f]{16}"$')
        self.assertEqual(second[1]["content-type"], "application/json")
        self.assertIn("age", second[1])
        self.assertNotIn("x-request-id", second[1])
        self.assertEqual(self.calls(), 1)

    def test_a_request_in_another_spelling_is_the_same_request(self):
        self.serve.call(body=b'{"model":"m","messages":[],"temperature":1.0}')
        answer = self.serve.call(body=b'{ "temperature": 1, "messages": [], "model": "m" }')
        self.assertIn("hit", answer[1]["cache-status"])

    def test_the_url_is_part_of_the_key(self):
        for path in ("/v1/chat/completions", "/v1/other", "/v1/chat/completions?version=2"):
            self.assertIn("uri-miss", self.serve.call(path=path, body=request())[1]["cache-status"])
        self.assertEqual(self.calls(), 3)

    def test_a_credential_in_the_url_is_no_part_of_the_key(self):
        self.serve.call(path="/v1/x?key=one", body=request())
        self.assertIn("hit", self.serve.call(path="/v1/x?key=two", body=request())[1]["cache-status"])

    def test_a_miss_is_explained_on_request(self):
        serve = self.start("--why")
        serve.call(body=request("Answer with one word."))
        serve.call(body=request("Answer with two words."))
        self.assertIn("the nearest recorded request, llmcache:default_", serve.messages())
        self.assertIn('/messages/0/content: stored "Answer with one word.", asked "Answer with two words."', serve.messages())

    def test_a_stream_is_replayed_chunk_by_chunk(self):
        first = self.serve.call(body=request(stream=True))
        second = self.serve.call(body=request(stream=True))
        self.assertEqual(first[2], b"".join(STREAM))
        self.assertEqual(second[2], first[2])
        self.assertIn("hit", second[1]["cache-status"])
        self.assertEqual(second[1]["transfer-encoding"], "chunked")
        self.assertEqual(second[1]["content-type"], "text/event-stream")

    def test_what_a_pipe_recorded_is_served_with_the_content_type_that_sdks_expect(self):
        ndjson = b'{"message":{"content":"a"},"done":false}\n{"message":{"content":"b"},"done":true,"done_reason":"stop"}\n'
        for body, recorded, content_type in ((request("pipe"), json.dumps(CHAT).encode(), "application/json"),
                                             (request("pipe", stream=True), b"".join(STREAM), "text/event-stream"),
                                             (request("lines", stream=True), ndjson, "application/x-ndjson")):
            self.put(body, recorded)
            _, headers, answer = self.serve.call(body=body)
            self.assertIn("hit", headers["cache-status"])
            self.assertEqual((headers["content-type"], answer), (content_type, recorded))

    def test_a_head_that_a_pipe_recorded_is_not_part_of_the_body(self):
        chat, stream = json.dumps(CHAT).encode(), b"".join(STREAM)
        large = json.dumps({**CHAT, "id": "c" * 400_000}).encode()
        head = b"HTTP/1.1 200 OK\r\nserver: x\r\n\r\n"
        for name, streams, before, body in (("plain", False, head, chat),
                                            ("lines that end with \\n", False, head.replace(b"\r", b""), chat),
                                            ("after 100", False, b"HTTP/1.1 100 Continue\r\n\r\n" + head, chat),
                                            ("large", False, head, large),
                                            ("stream", True, head, stream),
                                            ("HTTP/2 stream", True, b"HTTP/2 200 \r\nserver: x\r\n\r\n", stream)):
            with self.subTest(name):
                asked = request(name, stream=True) if streams else request(name)
                self.put(asked, before + body)
                _, headers, answer = self.serve.call(body=asked)
                self.assertIn("hit", headers["cache-status"])
                self.assertEqual(answer, body)
                self.assertEqual(headers["content-type"], "text/event-stream" if streams else "application/json")

    def test_a_text_about_http_is_not_a_head(self):
        text = b"HTTP/1.1 is a protocol.\n\nIt has versions."
        self.put(request(), text)
        _, headers, answer = self.serve.call(body=request())
        self.assertIn("hit", headers["cache-status"])
        self.assertEqual(answer, text)

    def test_a_compressed_body_that_a_pipe_recorded_is_marked_as_such(self):
        recorded = gzip.compress(json.dumps(CHAT).encode())
        for name, before in (("alone", b""), ("with a head", b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n")):
            with self.subTest(name):
                self.put(request(name), before + recorded)
                _, headers, answer = self.serve.call(body=request(name))
                self.assertEqual((headers["content-encoding"], headers["content-type"]), ("gzip", "application/json"))
                self.assertEqual(json.loads(gzip.decompress(answer)), CHAT)

    def test_a_file_that_is_compressed_itself_is_the_same_on_a_miss_and_on_a_hit(self):
        file = gzip.compress(b"a file")
        for content_type in ("application/gzip", "application/octet-stream"):
            self.upstream.answer = lambda handler, _, content_type=content_type: handler.send(200, file, [("content-type", content_type)])
            for state in ("uri-miss", "hit"):
                _, headers, answer = self.serve.call(body=request(content_type))
                self.assertIn(state, headers["cache-status"])
                self.assertNotIn("content-encoding", headers)
                self.assertEqual((headers["content-type"], answer), (content_type, file))

    def test_http_1_0_clients_get_bodies_that_end_with_the_connection(self):
        self.serve.call(body=request(stream=True))
        body = request(stream=True)
        answer = self.serve.raw(b"POST /v1/chat/completions HTTP/1.0\r\ncontent-type: application/json\r\n"
                                b"content-length: %d\r\n\r\n%s" % (len(body), body))
        head, _, received = answer.partition(b"\r\n\r\n")
        self.assertNotIn(b"transfer-encoding", head.lower())
        self.assertEqual(received, b"".join(STREAM))

    def test_errors_of_the_upstream_pass_through_exactly_and_are_not_stored(self):
        def limited(handler, _):
            handler.send(429, b'{"error":{"message":"slow down"}}', [("retry-after", "7"), ("content-type", "application/json")])
        self.upstream.answer = limited
        for _ in range(2):
            status, headers, body = self.serve.call(body=request())
            self.assertEqual((status, headers["retry-after"], body), (429, "7", b'{"error":{"message":"slow down"}}'))
            self.assertEqual(headers["cache-status"], 'llmcache; fwd=uri-miss; detail="status 429"')
        self.upstream.answer = self.upstream.answer_chat
        self.assertEqual(self.serve.call(body=request())[0], 200)
        self.assertEqual(self.calls(), 3)

    def test_a_failure_with_status_200_is_not_stored(self):
        self.upstream.answer = lambda handler, _: handler.send(200, b'{"error":{"message":"boom"}}')
        for _ in range(2):
            self.assertEqual(self.serve.call(body=request())[2], b'{"error":{"message":"boom"}}')
        self.assertEqual(self.calls(), 2)

    def test_a_stream_that_breaks_off_is_not_stored_and_looks_broken_to_the_client(self):
        def broken(handler, _):
            handler.begin_chunks()
            handler.send_chunk(STREAM[0])
            handler.close_connection = True
            handler.connection.shutdown(2)
        self.upstream.answer = broken
        with self.assertRaises(Exception):
            self.serve.call(body=request(stream=True))
        self.upstream.answer = self.upstream.answer_chat
        self.assertIn("uri-miss", self.serve.call(body=request(stream=True))[1]["cache-status"])

    def test_everything_else_passes_through_uncached(self):
        for method, body, headers in (("GET", b"", {}), ("DELETE", b"", {}), ("POST", b"--x", {"content-type": "multipart/form-data"}),
                                      ("POST", b"[1]", {}), ("POST", b'{"a":1,"a":2}', {}), ("HEAD", b"", {}), ("PUT", b"{}", {})):
            self.upstream.answer = lambda handler, _: handler.send(200, b"as it is", [("x-other", "kept")])
            for _ in range(2):
                status, answer, content = self.serve.call(method, "/v1/models", body, headers)
                self.assertEqual((status, answer["x-other"], content), (200, "kept", b"" if method == "HEAD" else b"as it is"))
                self.assertRegex(answer["cache-status"], "^llmcache; fwd=bypass")
        self.assertEqual(self.calls(), 14)

    def test_the_upstream_gets_the_request_byte_for_byte_without_our_fields(self):
        body = b'{ "model":"m",\n"messages":[] }'
        self.serve.call(body=body, headers={"authorization": "Bearer sk-1", "x-llmcache-session": "s", "x-custom": "1",
                                            "accept-encoding": "gzip", "connection": "x-hop", "x-hop": "1"})
        _, path, headers, received = self.upstream.requests[0]
        self.assertEqual((path, received), ("/v1/chat/completions", body))
        self.assertEqual((headers["authorization"], headers["x-custom"], headers["accept-encoding"]), ("Bearer sk-1", "1", "identity"))
        self.assertEqual([headers[n] for n in ("x-llmcache-session", "x-hop", "connection")], [None] * 3)
        self.assertEqual(headers["host"], self.upstream.url[7:])

    def test_many_identical_requests_at_one_time_are_one_call(self):
        def slow(handler, body):
            self.upstream.gate.wait(20)
            self.upstream.answer_chat(handler, body)
        self.upstream.answer = slow
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.serve.call(body=request(stream=True)))) for _ in range(20)]
        for thread in threads:
            thread.start()
        while not self.upstream.requests:
            pass
        threading.Timer(0.3, self.upstream.gate.set).start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.calls(), 1)
        self.assertEqual({answer[2] for answer in answers}, {b"".join(STREAM)})
        self.assertEqual(sum("collapsed" in answer[1]["cache-status"] for answer in answers), 19)

    def test_a_client_that_follows_goes_on_when_the_leader_goes_away(self):
        def slow(handler, _):
            handler.begin_chunks(headers=[("set-cookie", "visitor=1")])
            handler.send_chunk(STREAM[0])
            self.upstream.gate.wait(20)
            for piece in STREAM[1:] + [b""]:
                handler.send_chunk(piece)
        self.upstream.answer = slow
        leader = self.serve.connection()
        leader.request("POST", "/v1/chat/completions", body=request(stream=True), headers={"content-type": "application/json"})
        leader_answer = leader.getresponse()
        self.assertEqual(leader_answer.getheader("set-cookie"), "visitor=1")
        leader_answer.read1()
        follower = self.serve.connection()
        follower.request("POST", "/v1/chat/completions", body=request(stream=True), headers={"content-type": "application/json"})
        answer = follower.getresponse()
        self.assertIsNone(answer.getheader("set-cookie"))  # it is the leader's
        first = answer.read1()
        leader_answer.close()
        leader.close()
        self.upstream.gate.set()
        self.assertEqual(first + answer.read(), b"".join(STREAM))
        self.assertEqual(self.calls(), 1)

    def test_a_client_that_joins_a_long_and_slow_stream_late_gets_all_of_it(self):
        sent = threading.Semaphore(0)
        pieces = [event(delta(f"{number} " + "x" * 2_000)) for number in range(40)]

        def slow(handler, _):
            handler.begin_chunks()
            for piece in pieces:
                handler.send_chunk(piece)
                sent.release()
                time.sleep(0.01)
            self.upstream.gate.wait(20)
            for piece in STREAM[2:] + [b""]:
                handler.send_chunk(piece)
        self.upstream.answer = slow
        bodies = []
        clients = [threading.Thread(target=lambda: bodies.append(self.serve.call(body=request(stream=True))[2]))
                   for _ in range(6)]
        for number, client in enumerate(clients):
            client.start()
            for _ in range(8 if number < 5 else 0):
                sent.acquire(timeout=20)
        self.upstream.gate.set()
        for client in clients:
            client.join()
        self.assertEqual(bodies, 6 * [b"".join(pieces + STREAM[2:])])
        self.assertEqual(self.calls(), 1)

    def test_a_call_that_nobody_reads_any_more_ends(self):
        ended = threading.Event()

        def endless(handler, _):
            handler.begin_chunks()
            try:
                while True:
                    handler.send_chunk(STREAM[0])
                    self.upstream.gate.wait(0.02)
            except OSError:
                ended.set()
                raise
        self.upstream.answer = endless
        client = self.serve.connection()
        client.request("POST", "/v1/chat/completions", body=request(stream=True), headers={"content-type": "application/json"})
        answer = client.getresponse()
        answer.read1()
        answer.close()
        client.close()
        self.assertTrue(ended.wait(10))

    def test_followers_of_a_refused_answer_ask_for_themselves(self):
        def refuse_first(handler, body):
            if len(self.upstream.requests) == 1:
                self.upstream.gate.wait(20)
                handler.send(429, b"{}")
            else:
                self.upstream.answer_chat(handler, body)
        self.upstream.answer = refuse_first
        statuses = []
        threads = [threading.Thread(target=lambda: statuses.append(self.serve.call(body=request())[0])) for _ in range(5)]
        for thread in threads:
            thread.start()
        while not self.upstream.requests:
            pass
        threading.Timer(0.3, self.upstream.gate.set).start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [200, 200, 200, 200, 429])

    def test_without_an_upstream_the_client_gets_an_error_that_sdks_can_read(self):
        serve = self.start("--upstream", "http://127.0.0.1:9")
        status, headers, body = serve.call(body=request())
        self.assertEqual(status, 502)
        error = json.loads(body)["error"]
        self.assertEqual((error["type"], error["code"], error["param"]), ("llmcache_error", "upstream_unreachable", None))


class Directives(support.ServeTest):
    def ask(self, **headers):
        return self.serve.call(body=request(), headers={name.replace("_", "-"): value for name, value in headers.items()})

    def test_no_store_is_not_stored(self):
        self.assertIn('detail="no-store"', self.ask(cache_control="no-store")[1]["cache-status"])
        self.assertIn("uri-miss", self.ask()[1]["cache-status"])

    def test_no_cache_asks_the_upstream_and_stores(self):
        self.ask()
        self.assertEqual(self.ask(cache_control="no-cache")[1]["cache-status"], "llmcache; fwd=request")
        self.assertIn("hit", self.ask()[1]["cache-status"])
        self.assertEqual(self.calls(), 2)

    def test_only_if_cached_never_asks_the_upstream(self):
        status, headers, body = self.ask(cache_control="max-stale, Only-If-Cached")
        self.assertEqual((status, json.loads(body)["error"]["type"], headers["x-should-retry"]), (504, "llmcache_error", "false"))
        self.assertEqual(self.calls(), 0)
        self.ask()
        self.assertEqual(self.ask(cache_control="only-if-cached")[0], 200)
        self.assertEqual(self.ask(cache_control="only-if-cached, no-cache")[0], 504)

    def test_max_age_refuses_what_is_older(self):
        self.ask()
        self.assertIn("hit", self.ask(cache_control="max-age=100")[1]["cache-status"])
        self.assertIn("fwd=request", self.ask(cache_control="max-age=soon")[1]["cache-status"])

    def test_sessions_share_nothing(self):
        self.ask(x_llmcache_session="a")
        self.assertIn("uri-miss", self.ask(x_bf_cache_key="b")[1]["cache-status"])
        self.assertIn("hit", self.ask(x_bf_cache_key="a")[1]["cache-status"])

    def test_samples_and_modes_are_the_options_of_run(self):
        self.ask()
        self.assertIn("uri-miss", self.ask(x_llmcache_sample="1")[1]["cache-status"])
        self.assertIn("fwd=bypass", self.ask(x_llmcache_mode="off")[1]["cache-status"])
        self.assertIn("fwd=request", self.ask(x_llmcache_mode="refresh")[1]["cache-status"])

    def test_malformed_options_are_refused(self):
        for name, value in (("x-llmcache-ttl", "soon"), ("x-llmcache-sample", "-1"), ("x-llmcache-mode", "fast"),
                            ("x-llmcache-ignore", "id"), ("x-llmcache-session", "")):
            status, headers, body = self.serve.call(body=request(), headers={name: value})
            self.assertEqual((name, status, headers["x-should-retry"]), (name, 400, "false"))
            self.assertIn(name, json.loads(body)["error"]["message"])
        self.assertEqual(self.calls(), 0)

    def test_the_ttl_of_a_request_counts(self):
        self.ask(x_bf_cache_ttl="1h")
        self.assertRegex(self.ask()[1]["cache-status"], r"ttl=3[56]\d\d")

    def test_ignored_members_do_not_count(self):
        first = self.serve.call(body=request(id=1), headers={"x-llmcache-ignore": "/id, /other"})
        second = self.serve.call(body=request(id=2), headers={"x-llmcache-ignore": "/id"})
        self.assertIn("uri-miss", first[1]["cache-status"])
        self.assertIn("hit", second[1]["cache-status"])


if __name__ == "__main__":
    support.main(sys.argv)
