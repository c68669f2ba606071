// The transfers of libcurl on the event loop: its sockets and its one timer are waited for there. The sockets are in an epoll
// set of their own, which is one descriptor for the event loop: a thousand streams wake it once for all that are ready, and
// cost no system calls to wait for again.
#pragma once

#include <curl/curl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "event_loop.h"
#include "process/descriptor.h"

namespace llmcache::serve {

class CurlTransfer {
 public:
  virtual ~CurlTransfer() = default;
  // The transfer has ended. It may be destroyed here.
  virtual void on_done(CURLcode code) = 0;
};

// All functions on the event loop.
class CurlMulti : public std::enable_shared_from_this<CurlMulti> {
 public:
  explicit CurlMulti(boost::asio::io_context& loop);
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  // Starts a transfer. `easy` and `transfer` must exist until it is removed.
  void add(CURL* easy, CurlTransfer& transfer);
  // Ends it, if it has not ended or been removed before.
  void remove(CURL* easy);
  std::size_t transfers() const { return transfers_.size(); }
  boost::asio::io_context& loop() { return loop_; }

 private:
  struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  void open();
  void watch_idle(CURL* easy);
  void close_spoilt_connections();
  static int on_socket(CURL*, curl_socket_t number, int wanted, void* self, void*);
  static int on_timer(CURLM*, long milliseconds, void* self);
  void wait();
  void act_on_ready_sockets();
  void act(curl_socket_t number, int events);

  boost::asio::io_context& loop_;
  Timer timer_;
  boost::asio::posix::basic_stream_descriptor<LoopExecutor> ready_;  // the epoll set: readable while a socket is ready
  // The sockets in the set, each with a number of its own: libcurl may close one and open another under the same descriptor
  // while events of the first one are being handled.
  std::map<curl_socket_t, std::uint32_t> sockets_;
  std::uint32_t last_socket_ = 0;
  Descriptor idle_;  // an epoll set of kept connections on which no answer is expected
  std::map<CURL*, CurlTransfer*> transfers_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
};

}  // namespace llmcache::serve
