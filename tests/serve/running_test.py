"""How `llmcache serve` is run: who may use it, its own pages, COMMAND, and its end.

Usage: running_test.py LLMCACHE
"""
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

import support
from support import STREAM, request


class Access(support.ServeTest):
    arguments = ("--allow-host", "cache.internal", "--allow-origin", "https://app.example")

    def test_a_host_that_is_not_this_server_is_refused(self):
        for host, status in (("localhost", 200), ("127.0.0.1:1", 200), ("cache.internal:80", 200), ("evil.example", 421),
                             ("127.0.0.1:@evil.example", 421), ("localhost:x", 421), ("localhost:99999", 421)):
            self.assertEqual((host, self.serve.call(body=request(), headers={"host": host})[0]), (host, status))

    def test_a_page_of_another_origin_is_refused(self):
        status, headers, body = self.serve.call(body=request(), headers={"origin": "https://evil.example"})
        self.assertEqual((status, json.loads(body)["error"]["code"]), (403, "origin_not_allowed"))
        two = b"origin: https://app.example\r\norigin: https://evil.example\r\n"
        answer = self.serve.raw(b"GET /v1/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n" + two + b"\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
        self.assertEqual(self.calls(), 0)

    def test_a_page_of_an_allowed_origin_may_read_answers(self):
        answer = self.serve.call(body=request(), headers={"origin": "https://app.example"})
        self.assertEqual((answer[0], answer[1]["access-control-allow-origin"]), (200, "https://app.example"))
        preflight = self.serve.call("OPTIONS", headers={"origin": "https://app.example", "access-control-request-method": "POST",
                                                        "access-control-request-headers": "content-type"})
        self.assertEqual((preflight[0], preflight[1]["access-control-allow-headers"]), (204, "content-type"))
        self.assertEqual(self.calls(), 1)

    def test_what_a_page_may_do_is_said_once_and_by_the_server_alone(self):
        self.upstream.answer = lambda handler, _: handler.send(200, b"{}", [("Access-Control-Allow-Origin", "*")])
        origin = b"host: localhost\r\norigin: https://app.example\r\nconnection: close\r\n"
        for data in (b"POST /v1/x HTTP/1.1\r\n" + origin + b"content-length: 2\r\n\r\n{}", b"GET /v1/x HTTP/1.1\r\n" + origin + b"\r\n",
                     b"OPTIONS /v1/x HTTP/1.1\r\n" + origin + b"access-control-request-method: POST\r\n\r\n"):
            head = self.serve.raw(data).partition(b"\r\n\r\n")[0].lower()
            self.assertEqual(head.count(b"access-control-allow-origin:"), 1)
            self.assertIn(b"access-control-allow-origin: https://app.example", head)
        self.assertNotIn(b"content-length", head)

    def test_a_server_on_all_addresses_answers_for_the_url_that_it_prints(self):
        serve = self.start("--listen", "0.0.0.0:0", "--shared")
        for host, status in (("0.0.0.0:1", 200), ("127.0.0.1", 200), ("evil.example", 421)):
            self.assertEqual((host, serve.call(body=request(), headers={"host": host})[0]), (host, status))


class Credentials(support.ServeTest):
    arguments = ("--session-from", "authorization")

    def test_callers_with_different_credentials_share_nothing(self):
        for headers, status in (({"authorization": "Bearer a"}, "uri-miss"), ({"authorization": "Bearer b"}, "uri-miss"),
                                ({"x-api-key": "Bearer a"}, "uri-miss"), ({}, "uri-miss"), ({"authorization": "Bearer a"}, "hit")):
            self.assertIn(status, self.serve.call(body=request(), headers=headers)[1]["cache-status"])
        for path in ("/v1/x?sig=a", "/v1/x?sig=b", "/v1/x?k%65y=a", "/v1/x?code=a", "/v1/x?X-Amz-Security-Token=a"):
            self.assertIn("uri-miss", self.serve.call(path=path, body=request())[1]["cache-status"], path)
        for name in ("xi-api-key", "x-functions-key", "cf-aig-authorization", "x-auth-token", "x-amz-security-token", "apikey"):
            self.assertIn("uri-miss", self.serve.call(body=request(), headers={name: "a"})[1]["cache-status"], name)
        for key in ("first", "second"):
            status = self.serve.call(body=request("Hi"), headers={"authorization": "Bearer a", "idempotency-key": key})[1]["cache-status"]
        self.assertIn("hit", status)

    def test_a_session_of_the_clients_own_is_refused(self):
        self.assertEqual(self.serve.call(body=request(), headers={"x-llmcache-session": "s"})[0], 400)

    def test_the_secret_is_readable_by_its_owner_alone(self):
        [secret] = [p for p in pathlib.Path(self.home).rglob("*secret*")]
        self.assertEqual(secret.stat().st_mode & 0o777, 0o600)

    def test_no_credential_is_left_anywhere(self):
        canary = "sk-canary-7f3a"
        callers = [({name: value}, "/v1/x") for name, value in (("authorization", "Bearer " + canary), ("x-api-key", canary),
                                                                ("api-key", canary), ("x-goog-api-key", canary), ("cookie", "k=" + canary))]
        callers.append(({}, "/v1/x?key=" + canary))
        said = b""

        def ask_as_each(serve, statuses, **more):
            nonlocal said
            for headers, path in callers:
                for stream in (False, True):
                    status, fields, body = serve.call(body=request(stream=stream), headers={**headers, **more}, path=path)
                    self.assertIn(status, statuses)
                    said += json.dumps(fields).encode() + body
            for page in ("metrics", "stats", "health"):
                said += serve.call("GET", "/_llmcache/" + page + "?key=" + canary)[2]

        with support.redis(self.home, "--rdbcompression", "no") as (redis, _):
            log = ("--access-log", self.home + "/access.log", "-v")
            for store in ("dir:" + self.home + "/recorded", "sqlite:" + self.home + "/cache.db", redis):
                for session in ((), ("--session-from", "authorization")):
                    serve = self.start("--store", store, *session, *log)
                    ask_as_each(serve, (200,))  # misses
                    ask_as_each(serve, (200,))  # hits
                    ask_as_each(serve, (400,), **{"x-llmcache-ttl": "soon"})
                    ask_as_each(serve, (421,), host="evil.example")
                    ask_as_each(serve, (403,), origin="https://evil.example")
                    serve.stop()
            replay = self.start("--store", redis, "--mode", "replay", "--session-from", "authorization", "--junit",
                                self.home + "/missing.xml", *log)
            ask_as_each(replay, (404,), **{"x-llmcache-sample": "9"})
            replay.stop()
            ask_as_each(self.start("--upstream", "http://127.0.0.1:9", "--store", "redis://127.0.0.1:9", *log), (502,))
            subprocess.run(["redis-cli", "-u", redis, "save"], check=True, capture_output=True)
        self.assertNotIn(canary.encode(), said)
        files = {p: p.read_bytes() for p in pathlib.Path(self.home).rglob("*") if p.is_file()}
        self.assertLessEqual({"dump.rdb", "cache.db", "access.log", "missing.xml", "serve.log"}, {p.name for p in files})
        for path, content in files.items():
            self.assertNotIn(canary.encode(), content, path)


class Listening(unittest.TestCase):
    def run_serve(self, *arguments):
        return subprocess.run([support.ServeTest.program, "serve", *arguments], capture_output=True, text=True, timeout=20)

    def test_strangers_need_a_session_of_their_own_or_consent(self):
        done = self.run_serve("--listen", "0.0.0.0:0")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--session-from authorization", done.stderr)

    def test_bad_addresses_are_usage_errors(self):
        for address in ("", "8090", "host:port", "unix:", "127.0.0.1:99999999"):
            self.assertIn((address, self.run_serve("--listen", address).returncode), ((address, 2), (address, 5)))

    def test_bad_upstreams_are_usage_errors(self):
        for upstream in ("", "x", "ftp://localhost", "http://", "http://localhost:99999", "http://localhost:x", "http://[::1]:x/v1",
                         "_llmcache=http://localhost"):
            done = self.run_serve("--listen", "127.0.0.1:0", "--upstream", upstream, "--", "true")
            self.assertEqual((upstream, done.returncode), (upstream, 2))

    def test_an_ipv6_address_of_another_machine_needs_consent_too(self):
        self.assertEqual(self.run_serve("--listen", "[::]:0").returncode, 2)

    def test_an_address_in_use_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = self.run_serve("--listen", address)
        self.assertEqual(done.returncode, 5)
        self.assertIn(address, done.stderr)


class UnixSocket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Running(support.ServeTest):
    def accepts(self):
        try:
            socket.create_connection(("127.0.0.1", self.serve.port), timeout=5).close()
            return True
        except OSError:
            return False

    def command(self, *command, arguments=(), environment=None):
        done = subprocess.run([self.program, "serve", "--upstream", "openai=" + self.upstream.url, *arguments, "--", *command],
                              capture_output=True, text=True, timeout=60, env={**self.serve.environment, **(environment or {})})
        return done.returncode, done.stdout, done.stderr

    def test_command_gets_the_urls_and_its_exit_code_is_passed_on(self):
        code, out, err = self.command("sh", "-c", "echo $OPENAI_BASE_URL $ANTHROPIC_BASE_URL $OLLAMA_HOST $LLMCACHE_URL '[a,b]'; exit 7")
        self.assertEqual(code, 7)
        self.assertRegex(out, r"^http://127.0.0.1:\d+/openai/v1 http://127.0.0.1:\d+/anthropic http://127.0.0.1:\d+/ollama http://127.0.0.1:\d+ \[a,b\]$")
        self.assertRegex(err, r"0 hits, 0 misses, 0 stored, 0 refused, 0 upstream errors")

    def test_a_report_that_cannot_be_written_is_an_error_before_command_is_started(self):
        code, out, err = self.command("sh", "-c", "echo started", arguments=("--junit", "/no/such/folder/x"))
        self.assertEqual((code, out), (5, ""))
        self.assertIn("--junit /no/such/folder/x: No such file", err)

    def test_a_report_that_can_no_longer_be_written_does_not_change_the_exit_code(self):
        folder = self.home + "/reports"
        os.mkdir(folder)
        code, _, err = self.command("sh", "-c", f"rm -r {folder}; exit 3", arguments=("--junit", folder + "/x"))
        self.assertEqual(code, 3)
        self.assertIn("No such file", err)

    def test_an_empty_command_after_the_dashes_is_an_error(self):
        code, _, err = self.command()
        self.assertEqual(code, 2)
        self.assertIn("COMMAND is missing", err)

    def test_command_is_told_why_an_answer_is_not_stored(self):
        self.upstream.answer = lambda handler, _: handler.send(200, b'{"error":{"message":"no"}}')
        ask = "curl -s $OPENAI_BASE_URL/chat/completions -H 'content-type: application/json' -d '" + request().decode() + "'"
        _, _, err = self.command("sh", "-c", ask)
        self.assertIn("warning: not stored: ", err)

    def test_command_needs_a_url(self):
        code, _, err = self.command("true", arguments=("--listen", "unix:" + self.home + "/s"))
        self.assertEqual(code, 2)
        self.assertIn("--listen HOST:PORT", err)

    def test_command_that_cannot_be_started_is_127(self):
        self.assertEqual(self.command("no-such-command")[0], 127)

    def test_the_command_inherits_no_open_files_of_the_server(self):
        # ls itself has the folder open.
        self.assertEqual(self.command("ls", "/proc/self/fd", arguments=("--access-log", self.home + "/log"))[1].split(), ["0", "1", "2", "3"])

    def test_record_and_replay(self):
        ask = 'curl -sS "$OPENAI_BASE_URL/chat/completions" -H "content-type: application/json" -d "$0"'
        body = request().decode()
        code, recorded, _ = self.command("sh", "-c", ask, body, arguments=("--ttl", "never"))
        self.assertEqual(code, 0)
        self.upstream.answer = lambda handler, _: handler.send(500, b"must not be asked")
        replay = ("--mode", "replay", "--junit", self.home + "/report.xml")
        code, replayed, err = self.command("sh", "-c", ask, body, arguments=replay)
        self.assertEqual(replayed, recorded)
        self.assertIn("1 hits, 0 misses", err)
        code, missed, err = self.command("sh", "-c", ask, request("Why is the sky red?").decode(), arguments=replay)
        self.assertIn("0 hits, 1 misses", err)
        error = json.loads(missed)["error"]
        self.assertEqual(error["code"], "no_recorded_answer")
        self.assertRegex(error["message"], r'nearest recorded request, llmcache:default_\w+, differs at /messages/0/content: stored "Why is the sky blue\?"')
        self.assertIn("/messages/0/content", pathlib.Path(self.home, "report.xml").read_text())
        self.assertEqual(self.calls(), 1)

    def test_a_request_that_cannot_be_recorded_is_in_the_report_of_a_replay(self):
        for ask, name in (('curl -sS "$OPENAI_BASE_URL/models?key=canary-4711"', "GET /openai/v1/models"),
                          ('curl -sS "$OPENAI_BASE_URL/embeddings" -H "content-type: application/json" -d "[1]"', "POST /openai/v1/embeddings")):
            _, _, err = self.command("sh", "-c", ask, arguments=("--mode", "replay", "--junit", self.home + "/report.xml"))
            self.assertIn("1 misses", err)
            report = pathlib.Path(self.home, "report.xml").read_text()
            self.assertIn(f'name="{name}"', report)
            self.assertIn("cannot be recorded", report)
            self.assertNotIn("canary-4711", report)

    def test_a_request_cannot_make_a_replay_ask_the_provider(self):
        serve = self.start("--mode", "replay")
        for mode in ("auto", "refresh", "off"):
            self.assertEqual(serve.call(body=request(), headers={"x-llmcache-mode": mode})[0], 404)
        self.assertEqual(self.calls(), 0)

    def test_replay_sets_keys_where_none_are_set(self):
        self.assertEqual(self.command("sh", "-c", "echo $OPENAI_API_KEY", arguments=("--mode", "replay"))[1], "llmcache-replay\n")
        mine = {"OPENAI_API_KEY": "mine"}
        self.assertEqual(self.command("sh", "-c", "echo $OPENAI_API_KEY", arguments=("--mode", "replay"), environment=mine)[1], "mine\n")

    def test_sigterm_lets_requests_finish(self):
        def slow(handler, body):
            self.upstream.gate.wait(20)
            self.upstream.answer_chat(handler, body)
        self.upstream.answer = slow
        answers = []
        client = threading.Thread(target=lambda: answers.append(self.serve.call(body=request())))
        client.start()
        while not self.upstream.requests:
            pass
        self.serve.process.send_signal(signal.SIGTERM)
        while self.accepts():
            pass
        self.upstream.gate.set()
        client.join()
        self.assertEqual((answers[0][0], answers[0][1]["connection"]), (200, "close"))
        self.assertEqual(self.serve.process.wait(timeout=20), 0)

    def test_sigterm_does_not_wait_for_connections_without_a_request(self):
        serve = self.start("--drain", "60s")
        kept = serve.connection()
        kept.request("GET", "/_llmcache/health")
        kept.getresponse().read()
        with socket.create_connection(("127.0.0.1", serve.port)), contextlib.closing(kept):
            serve.call("GET", "/_llmcache/health")  # the connection has been accepted by now
            serve.process.send_signal(signal.SIGTERM)
            self.assertEqual(serve.process.wait(timeout=20), 0)

    def stubborn_command(self, *arguments):
        """A serve whose COMMAND ignores SIGTERM."""
        started = pathlib.Path(self.home, "started")
        process = subprocess.Popen([self.program, "serve", "--upstream", self.upstream.url, *arguments, "--", "sh", "-c",
                                    f"trap '' TERM; touch {started}; exec sleep 60"], env=self.serve.environment)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while not started.exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        return process

    def test_a_second_signal_kills_the_command(self):
        process = self.stubborn_command()
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=20), 128 + signal.SIGKILL)

    def test_a_command_that_does_not_end_in_time_is_killed(self):
        self.assertEqual(self.stubborn_command("--drain", "300ms").wait(timeout=20), 128 + signal.SIGKILL)

    def test_llmcache_within_the_command_has_nothing_to_warn_of(self):
        _, _, err = self.command(self.program, "ls")
        self.assertNotIn("LLMCACHE_URL", err)

    def test_a_second_signal_ends_it_at_once(self):
        self.upstream.answer = lambda handler, _: self.upstream.gate.wait(60)
        client = self.serve.connection()
        client.request("POST", "/v1/x", body=request(), headers={"content-type": "application/json"})
        while not self.upstream.requests:
            pass
        self.serve.process.send_signal(signal.SIGTERM)
        self.serve.process.send_signal(signal.SIGHUP)
        with self.assertRaises(subprocess.TimeoutExpired):
            self.serve.process.wait(timeout=0.5)
        self.serve.process.send_signal(signal.SIGTERM)
        self.serve.process.wait(timeout=10)
        client.close()

    def test_systemd_hands_over_its_socket_and_hears_when_the_server_is_ready(self):
        with socket.create_server(("127.0.0.1", 0)) as inherited, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(self.home + "/notify")
            manager.settimeout(20)
            start = f'exec 3<&{inherited.fileno()}; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$0" serve --upstream {self.upstream.url}'
            process = subprocess.Popen(["bash", "-c", start, self.program], pass_fds=[inherited.fileno()], stdout=subprocess.PIPE,
                                       env={**self.serve.environment, "NOTIFY_SOCKET": self.home + "/notify"})
            self.addCleanup(lambda: (process.terminate(), process.wait(20), process.stdout.close()))
            self.assertEqual(manager.recv(100), b"READY=1")
            client = http.client.HTTPConnection(*inherited.getsockname(), timeout=20)
            client.request("POST", "/v1/x", body=request(), headers={"content-type": "application/json"})
            self.assertEqual(client.getresponse().status, 200)
            client.close()

    def test_a_unix_socket_is_for_its_owner_alone(self):
        path = self.home + "/socket"
        process = subprocess.Popen([self.program, "serve", "--listen", "unix:" + path, "--upstream", self.upstream.url],
                                   stdout=subprocess.PIPE, env=self.serve.environment)
        self.addCleanup(lambda: (process.terminate(), process.wait(20), process.stdout.close()))
        process.stdout.readline()
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        client = UnixSocket(path)
        client.request("POST", "/v1/x", body=request(), headers={"content-type": "application/json"})
        self.assertEqual(client.getresponse().status, 200)
        client.close()
        os.unlink(path)
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as successor:
            successor.bind(path)
            process.terminate()
            process.wait(20)
            self.assertTrue(os.path.exists(path))  # another server's by now

    def test_tls(self):
        certificate, key = support.certificate(self.home)
        serve = self.start("--tls-cert", certificate, "--tls-key", key)
        self.assertTrue(serve.ready["urls"][0].startswith("https://"))
        context = ssl.create_default_context(cafile=certificate)
        for expected in ("uri-miss", "hit"):
            client = http.client.HTTPSConnection("127.0.0.1", serve.port, context=context, timeout=20)
            client.request("POST", "/v1/x", body=request(stream=True), headers={"content-type": "application/json"})
            answer = client.getresponse()
            self.assertIn(expected, answer.getheader("cache-status"))
            self.assertEqual(answer.read(), b"".join(STREAM))
            client.close()

    def test_tls_ends_with_its_closing_alert(self):
        certificate, key = support.certificate(self.home)
        serve = self.start("--tls-cert", certificate, "--tls-key", key)
        context = ssl.create_default_context(cafile=certificate)
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        for _ in ("miss", "hit"):
            with context.wrap_socket(socket.create_connection(("127.0.0.1", serve.port)), server_hostname="127.0.0.1",
                                     suppress_ragged_eofs=False) as client:
                body = request(stream=True)
                client.sendall(b"POST /v1/x HTTP/1.0\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                               % (len(body), body))
                answer = b""
                while piece := client.recv(65536):  # raises if the connection ends without the alert
                    answer += piece
                self.assertTrue(answer.endswith(b"".join(STREAM)))

    def test_an_access_log_that_nobody_reads_does_not_keep_the_server_from_ending(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        process = subprocess.Popen([self.program, "serve", "--listen", "127.0.0.1:0", "--upstream", self.upstream.url, "--access-log", "-"],
                                   stdout=writer, env=self.serve.environment)
        os.close(writer)
        self.addCleanup(process.kill)
        port = int(re.search(rb":(\d+)", os.read(reader, 1000))[1])
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for _ in range(500):
            client.request("GET", "/_llmcache/" + 200 * "x")
            client.getresponse().read()
        client.close()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=20), 0)

    def test_an_access_log_that_cannot_be_written_costs_one_warning(self):
        serve = self.start("--access-log", "/dev/full")
        for _ in range(3):
            self.assertEqual(serve.call(body=request())[0], 200)
            time.sleep(0.1)
        self.assertEqual(serve.messages().count("the access log cannot be written: No space left on device"), 1)

    def test_the_access_log_has_nothing_of_a_body(self):
        serve = self.start("--access-log", self.home + "/log")
        serve.call(body=b'{"my secret":1,"my secret":2}')
        self.assertNotIn("my secret", pathlib.Path(self.home, "log").read_text())

    def test_a_store_that_is_down_costs_a_warning_and_nothing_else(self):
        serve = self.start("--store", "redis://127.0.0.1:9")
        for _ in range(3):
            self.assertEqual(serve.call(body=request())[0], 200)
        self.assertEqual(serve.call("GET", "/_llmcache/health")[0], 503)
        self.assertEqual(serve.messages().count("go upstream uncached"), 1)
        self.assertEqual(serve.messages().count("warning"), 1)

    def test_certificates_that_cannot_be_used_are_named_at_the_start(self):
        garbage = pathlib.Path(self.home, "garbage")
        garbage.write_text("no certificate")
        certificate, _ = support.certificate(self.home)
        for options in (("--upstream-cacert", "/none"), ("--upstream-cacert", str(garbage)), ("--tls-cert", certificate, "--tls-key", "/none"),
                        ("--tls-cert", certificate, "--tls-key", str(garbage)), ("--tls-cert", certificate)):
            done = subprocess.run([self.program, "serve", "--listen", "127.0.0.1:0", *options], capture_output=True, text=True, timeout=20,
                                  env=self.serve.environment, check=False)
            self.assertEqual((options, done.returncode), (options, 2))
            self.assertIn(options[-2], done.stderr)

    def test_health_metrics_stats_and_the_access_log_agree(self):
        serve = self.start("--access-log", self.home + "/log")
        for _ in range(3):
            serve.call(path="/v1/chat/completions?key=canary-4711", body=request())
        self.assertEqual(json.loads(serve.call("GET", "/_llmcache/health")[2])["status"], "ok")
        metrics = serve.call("GET", "/_llmcache/metrics")[2].decode()
        for line in ('llmcache_requests_total{outcome="hit"} 2', 'llmcache_requests_total{outcome="miss"} 1',
                     'llmcache_requests_total{outcome="own"} 1', "llmcache_stored_total 1", "llmcache_saved_tokens_total 18"):
            self.assertIn(line, metrics)
        self.assertEqual(json.loads(serve.call("GET", "/_llmcache/stats")[2])["requests"]["hit"], 2)
        lines = [json.loads(line) for line in pathlib.Path(self.home, "log").read_text().splitlines()]
        self.assertEqual([line["outcome"] for line in lines[:3]], ["miss", "hit", "hit"])
        self.assertEqual((lines[1]["path"], lines[1]["model"], lines[1]["prompt_tokens"]), ("/v1/chat/completions", "gpt-4o-mini", 7))

    def test_upstream_errors_are_counted_by_what_went_wrong(self):
        serve = self.start()
        for status in (429, 500, 503, 404):
            self.upstream.answer = lambda handler, _, code=status: handler.send(code, b"{}")
            serve.call(body=request(str(status)))
        self.upstream.answer = lambda handler, _: handler.send(503, b"")
        serve.call("GET", "/v1/models")
        metrics = serve.call("GET", "/_llmcache/metrics")[2].decode()
        errors = [line for line in metrics.splitlines() if line.startswith("llmcache_upstream_errors_total")]
        self.assertEqual(errors, [f'llmcache_upstream_errors_total{{kind="status_{status}"}} {count}'
                                  for status, count in ((429, 1), (500, 1), (503, 2))])

    def test_settings_without_effect_are_reported_at_the_start(self):
        for options, warning in ((("--ttl", "0"), "no answer will be stored: the TTL is 0"),
                                 (("--endpoint", "http://x"), "--endpoint has no effect")):
            self.assertIn(warning, self.start(*options).messages())

    def test_llmcache_stats_adds_up_what_servers_have_counted_while_they_run_and_at_their_end(self):
        def stats():
            return json.loads(subprocess.run([self.program, "stats", "--json", "--by", "endpoint"], check=True,
                                             capture_output=True, env=serve.environment).stdout)

        def counted(hits):
            deadline = time.monotonic() + 20
            while stats()["total"]["hits"] != hits and time.monotonic() < deadline:
                time.sleep(0.2)
            return stats()["total"]

        def slow(handler, body):
            time.sleep(0.05)
            self.upstream.answer_chat(handler, body)

        self.upstream.answer = slow
        serve = self.start()
        for _ in range(3):
            serve.call(path="/v1/chat/completions?key=canary-4711", body=request())
        total = counted(2)
        self.assertEqual((total["hits"], total["misses"]["absent"], total["stored"]), (2, 1, 1))
        self.assertEqual(total["prompt_tokens"] + total["completion_tokens"], 18)
        serve.call(body=request())
        saved = json.loads(serve.call("GET", "/_llmcache/stats")[2])
        serve.stop()
        total = stats()["total"]
        self.assertEqual(total["hits"], 3)
        self.assertEqual((saved["saved_ms"], saved["saved_tokens"]), (total["saved_ms"], total["prompt_tokens"] + total["completion_tokens"]))
        self.assertGreater(total["saved_ms"], 0)
        self.assertNotIn("canary-4711", json.dumps(stats()))


if __name__ == "__main__":
    support.main(sys.argv)
