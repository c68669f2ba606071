// Many streams through `llmcache serve` at once: an upstream that sends chunks at a steady rate, and clients that measure
// how long each chunk took from one to the other.
//   stream-load STREAMS CHUNKS_PER_SECOND SECONDS
// Prints the port of the upstream, reads the port and the path of serve from stdin, and prints a line of JSON at the end.
#include <fmt/format.h>
#include <linux/net_tstamp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/system_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;
using Clock = std::chrono::system_clock;  // the kernel's clock for the time at which data came

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
  asio::system_timer timer_;
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

// Reads the streams. A chunk has left serve when the kernel has taken it for the client: how late the client reads it is
// not serve's doing, so the kernel's time counts. (Of the chunks that are read at once, each counts as taken when the last one
// was.) Every ninth stream is read at once and measured, the others from time to time, since the clients of a real server
// do not share its processors. Chunks are measured from a second after the last stream began until the first one ends.
class Receiver {
 public:
  // Asks for all streams, one after the other.
  Receiver(const tcp::endpoint& serve, const std::string& path, int streams) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (int number = 0; number < streams; ++number) {
      ask(serve, path, number);
      std::this_thread::sleep_for(std::chrono::seconds(1) / streams);
    }
    measured_from_ = Clock::now() + std::chrono::seconds(1);
  }
  ~Receiver() { ::close(epoll_); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  void run() {
    std::array<epoll_event, 256> events;
    auto next = Clock::now();
    while (open_ > 0) {
      const int ready = ::epoll_wait(epoll_, events.data(), events.size(), 20);
      const auto now = Clock::now();
      for (int i = 0; i < ready; ++i) {
        read(streams_[events[static_cast<std::size_t>(i)].data.u64],
             now >= measured_from_ && whole_ == 0 ? &latencies_ : nullptr);
      }
      if (now < next) continue;
      next = now + std::chrono::milliseconds(200);
      for (std::size_t number = 0; number < streams_.size(); ++number) {
        if (!is_measured(number) && streams_[number].socket.is_open()) read(streams_[number], nullptr);
      }
    }
  }
  std::vector<std::int64_t>& latencies() { return latencies_; }  // ns
  int whole() const { return whole_; }

 private:
  struct Stream {
    tcp::socket socket;
    std::string text;
  };

  // Nine has no factor in common with the turns of the sender: some streams of each turn are measured.
  static bool is_measured(std::size_t number) { return number % 9 == 0; }

  void ask(const tcp::endpoint& serve, const std::string& path, int number) {
    Stream stream{tcp::socket(context_), {}};
    stream.socket.connect(serve);
    const int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    ::setsockopt(stream.socket.native_handle(), SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
    const std::string body = fmt::format("{{\"model\":\"m\",\"messages\":[],\"seed\":{},\"stream\":true}}", number);
    asio::write(stream.socket,
                asio::buffer(fmt::format("POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
                                         "content-length: {}\r\n\r\n{}",
                                         path, body.size(), body)));
    stream.socket.non_blocking(true);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = streams_.size()}};
    if (is_measured(streams_.size())) ::epoll_ctl(epoll_, EPOLL_CTL_ADD, stream.socket.native_handle(), &event);
    streams_.push_back(std::move(stream));
    ++open_;
  }

  // `latencies` gets how long its chunks took.
  void read(Stream& stream, std::vector<std::int64_t>* latencies) {
    std::array<char, 16 << 10> buffer;
    alignas(cmsghdr) std::array<char, 256> control;
    iovec data{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(stream.socket.native_handle(), &message, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size > 0) stream.text.append(buffer.data(), static_cast<std::size_t>(size));
    const bool is_whole = size > 0 && take_times(stream.text, time_taken(message), latencies);
    if (size > 0 && !is_whole) return;
    whole_ += is_whole ? 1 : 0;
    stream.socket.close();
    --open_;
  }

  static std::int64_t time_taken(msghdr& message) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPING) continue;
      timespec time;
      std::memcpy(&time, CMSG_DATA(part), sizeof time);
      return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
    }
    return now_ns();
  }

  // The times in the whole events of `text`, which are removed from it. Whether the last one was among them.
  static bool take_times(std::string& text, std::int64_t taken, std::vector<std::int64_t>* latencies) {
    constexpr std::string_view kMark = "\"content\":\"";
    std::size_t done = 0;
    for (std::size_t end; (end = text.find("\n\n", done)) != std::string::npos; done = end + 2) {
      const std::string_view event = std::string_view(text).substr(done, end - done);
      const auto at = event.find(kMark);
      std::int64_t sent = 0;
      if (event.find("[DONE]") != std::string_view::npos) return true;
      // An event that is cut by the framing of HTTP chunks may have a part of its time only.
      if (at == std::string_view::npos || event.find("\r\n", event.find("data: ")) != std::string_view::npos) continue;
      std::from_chars(event.data() + at + kMark.size(), event.data() + event.size(), sent);
      if (sent > 0 && latencies != nullptr) latencies->push_back(taken - sent);
    }
    text.erase(0, done);
    return false;
  }

  int epoll_;
  asio::io_context context_;
  std::vector<Stream> streams_;
  Clock::time_point measured_from_;
  std::vector<std::int64_t> latencies_;
  int open_ = 0;
  int whole_ = 0;
};

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
  Receiver receiver({asio::ip::address_v4::loopback(), port}, path, load.streams);
  receiver.run();
  upstream.stop();
  sending.join();

  auto& latencies = receiver.latencies();
  std::ranges::sort(latencies);
  const auto milliseconds = [&](double share) {
    if (latencies.empty()) return 0.0;
    return static_cast<double>(latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))]) /
           1e6;
  };
  std::cout << fmt::format("{{\"whole\":{},\"chunks\":{},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},\"most_ms\":{:.3f}}}\n",
                           receiver.whole(), latencies.size(), milliseconds(0.5), milliseconds(0.99), milliseconds(1));
  return receiver.whole() == load.streams ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::cerr << "usage: stream-load STREAMS CHUNKS_PER_SECOND SECONDS\n";
    return 2;
  }
  return run({std::atoi(arguments[1]), std::atoi(arguments[2]), std::atoi(arguments[3])});
}
