// The transfers of libcurl on the event loop: its sockets and its one timer are waited for there.
#pragma once

#include <curl/curl.h>

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <map>
#include <memory>

#include "event_loop.h"

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
  ~CurlMulti();

  // Starts a transfer. `easy` and `transfer` must exist until it is removed.
  void add(CURL* easy, CurlTransfer& transfer);
  // Ends it, if it has not ended or been removed before.
  void remove(CURL* easy);
  std::size_t transfers() const { return transfers_.size(); }
  boost::asio::io_context& loop() { return loop_; }

 private:
  struct Socket;
  struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  void open();
  static int on_socket(CURL*, curl_socket_t number, int wanted, void* self, void*);
  static int on_timer(CURLM*, long milliseconds, void* self);
  void wait(const std::shared_ptr<Socket>& socket, curl_socket_t number);
  void wait(const std::shared_ptr<Socket>& socket, curl_socket_t number, int poll);
  void act(curl_socket_t number, int events);

  boost::asio::io_context& loop_;
  Timer timer_;
  std::map<curl_socket_t, std::shared_ptr<Socket>> sockets_;
  std::map<CURL*, CurlTransfer*> transfers_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
};

}  // namespace llmcache::serve
