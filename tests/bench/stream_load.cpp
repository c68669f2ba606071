// Many streams through `llmcache serve` at once: an upstream that sends chunks at a steady rate, and clients that measure
// how long each chunk took from one to the other.
//   stream-load STREAMS CHUNKS_PER_SECOND SECONDS
// Prints the port of the upstream, reads the port and the path of serve from stdin, and prints a line of JSON at the end.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

struct Load {
  int streams = 0;
  int chunks_per_second = 0;
  int seconds = 0;
};

std::int64_t now_ns() {
  return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
}

std::string chunked(const std::string& data) {
  return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

std::string event(const std::string& content, const char* finish_reason) {
  return fmt::format(
      "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{{\"index\":0,"
      "\"delta\":{{\"content\":\"{}\"}},\"finish_reason\":{}}}]}}\n\n",
      content, finish_reason);
}

// Sends the chunks of all streams; each chunk's text is the time at which it was sent. The streams take turns, a twentieth of
// them at a time, so that chunks do not come all at once.
class Sender {
 public:
  Sender(asio::io_context& loop, const Load& load) : load_(load), timer_(loop), turns_(kTurns) {}

  asio::awaitable<void> run() {
    const auto interval = std::chrono::nanoseconds(std::chrono::seconds(1)) / load_.chunks_per_second / kTurns;
    auto next = Clock::now();
    for (std::size_t turn = 0;; turn = (turn + 1) % kTurns) {
      std::erase_if(turns_[turn], [this](Stream& stream) { return !send(stream); });
      timer_.expires_at(next += interval);
      co_await timer_.async_wait(use_awaitable);
    }
  }
  void add(tcp::socket socket) {
    socket.non_blocking(true);
    socket.set_option(tcp::no_delay(true));
    turns_[added_++ % kTurns].push_back({std::move(socket)});
  }

 private:
  static constexpr std::size_t kTurns = 20;
  struct Stream {
    tcp::socket socket;
    int sent = 0;
  };

  // False: the stream has ended, or its reader cannot keep up.
  bool send(Stream& stream) const {
    const bool is_last = stream.sent == load_.chunks_per_second * load_.seconds;
    const std::string text = is_last ? chunked(event("", "\"stop\"")) + chunked("data: [DONE]\n\n") + "0\r\n\r\n"
                                     : chunked(event(std::to_string(now_ns()), "null"));
    ++stream.sent;
    boost::system::error_code error;
    return stream.socket.write_some(asio::buffer(text), error) == text.size() && !is_last;
  }

  const Load& load_;
  asio::steady_timer timer_;
  std::vector<std::vector<Stream>> turns_;
  std::size_t added_ = 0;
};

asio::awaitable<void> answer(tcp::socket socket, Sender& sender) {
  std::string request;
  co_await asio::async_read_until(socket, asio::dynamic_buffer(request), "\"stream\":true}", use_awaitable);
  const std::string head =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
  co_await asio::async_write(socket, asio::buffer(head), use_awaitable);
  sender.add(std::move(socket));
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, Sender& sender) {
  for (;;) {
    auto socket = co_await acceptor.async_accept(use_awaitable);
    asio::co_spawn(acceptor.get_executor(), answer(std::move(socket), sender), asio::detached);
  }
}

// The times in the whole events of `text`, which are removed from it. Whether the last one was among them.
bool take_times(std::string& text, std::vector<std::int64_t>& latencies) {
  constexpr std::string_view kMark = "\"content\":\"";
  const std::int64_t now = now_ns();
  std::size_t done = 0;
  for (std::size_t end; (end = text.find("\n\n", done)) != std::string::npos; done = end + 2) {
    const std::string_view event = std::string_view(text).substr(done, end - done);
    const auto at = event.find(kMark);
    std::int64_t sent = 0;
    if (event.find("[DONE]") != std::string_view::npos) return true;
    // An event that is cut by the framing of HTTP chunks may have a part of its time only.
    if (at == std::string_view::npos || event.find("\r\n", event.find("data: ")) != std::string_view::npos) continue;
    std::from_chars(event.data() + at + kMark.size(), event.data() + event.size(), sent);
    if (sent > 0) latencies.push_back(now - sent);
  }
  text.erase(0, done);
  return false;
}

struct Received {
  std::vector<std::int64_t> latencies;  // ns
  int whole = 0;
};

asio::awaitable<void> ask(tcp::endpoint serve, const std::string& path, int number, Received& received) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(serve, use_awaitable);
  const std::string body = fmt::format("{{\"model\":\"m\",\"messages\":[],\"seed\":{},\"stream\":true}}", number);
  const std::string request = fmt::format(
      "POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}", path,
      body.size(), body);
  co_await asio::async_write(socket, asio::buffer(request), use_awaitable);
  std::string text;
  std::vector<char> buffer(16 << 10);
  do {
    const std::size_t size = co_await socket.async_read_some(asio::buffer(buffer), use_awaitable);
    text.append(buffer.data(), size);
  } while (!take_times(text, received.latencies));
  ++received.whole;
}

int run(const Load& load) {
  asio::io_context upstream(1);
  tcp::acceptor acceptor(upstream, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  acceptor.listen(4096);
  Sender sender(upstream, load);
  asio::co_spawn(upstream, accept(acceptor, sender), asio::detached);
  asio::co_spawn(upstream, sender.run(), asio::detached);
  std::thread sending([&] { upstream.run(); });
  std::cout << acceptor.local_endpoint().port() << std::endl;

  unsigned short port = 0;
  std::string path;
  std::cin >> port >> path;
  Received received;
  asio::io_context clients(1);
  for (int i = 0; i < load.streams; ++i) {
    asio::co_spawn(clients, ask({asio::ip::address_v4::loopback(), port}, path, i, received), asio::detached);
  }
  clients.run();
  upstream.stop();
  sending.join();

  auto& latencies = received.latencies;
  std::ranges::sort(latencies);
  const auto milliseconds = [&](double share) {
    if (latencies.empty()) return 0.0;
    return static_cast<double>(latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))]) /
           1e6;
  };
  std::cout << fmt::format("{{\"whole\":{},\"chunks\":{},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},\"most_ms\":{:.3f}}}\n",
                           received.whole, latencies.size(), milliseconds(0.5), milliseconds(0.99), milliseconds(1));
  return received.whole == load.streams ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::cerr << "usage: stream-load STREAMS CHUNKS_PER_SECOND SECONDS\n";
    return 2;
  }
  return run({std::atoi(arguments[1]), std::atoi(arguments[2]), std::atoi(arguments[3])});
}
