#include "upstream/client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "event_loop.h"
#include "text.h"
#include "upstream/curl_multi.h"

namespace llmcache::serve {

namespace asio = boost::asio;

namespace {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using List = std::unique_ptr<curl_slist, FreeList>;

// Fields that libcurl adds by itself. Those that the client did not send are turned off.
constexpr const char* kFieldsOfCurl[] = {"Accept", "User-Agent", "Content-Type", "Expect"};

// The size of each call's buffer. Most streams arrive in much smaller pieces.
constexpr long kReadBytes = 4 * 1024;

void append(List& list, const std::string& line) {
  list.reset(curl_slist_append(list.release(), line.c_str()));
}

List field_list(const Headers& fields) {
  List list;
  for (const Field& field : fields) {
    // A field without a value is written with a semicolon (curl_easy_setopt(3), CURLOPT_HTTPHEADER).
    append(list, field.value.empty() ? field.name + ";" : field.name + ": " + field.value);
  }
  for (const char* name : kFieldsOfCurl) {
    if (!fields.first(name)) append(list, std::string(name) + ":");
  }
  return list;
}

// An answer whose length is not known for sure must not be passed on (RFC 9112, section 6.3).
bool has_one_length(const Headers& fields) {
  const auto lengths = fields.list("content-length");
  return std::ranges::all_of(lengths, [&](std::string_view length) {
    return length == lengths.front() && length.find_first_not_of("0123456789") == length.npos;
  });
}

UpstreamEnd end_of(CURLcode code, bool has_head) {
  if (code == CURLE_OK) return UpstreamEnd::complete;
  if (code == CURLE_OPERATION_TIMEDOUT) return has_head ? UpstreamEnd::broken : UpstreamEnd::timed_out;
  return has_head ? UpstreamEnd::broken : UpstreamEnd::unreachable;
}

class Call final : public UpstreamCall, public CurlTransfer {
 public:
  Call(std::shared_ptr<CurlMulti> multi, const UpstreamOptions& options, UpstreamRequest request, UpstreamEvents events)
      : multi_(std::move(multi)),
        options_(options),
        request_(std::move(request)),
        events_(std::move(events)),
        idle_(multi_->loop()),
        easy_(curl_easy_init()) {
    set_up();
    multi_->add(easy_.get(), *this);
    wait_for_bytes(options_.idle_timeout);
  }
  ~Call() override { leave(); }

  void pause() override { paused_ = true; }
  void resume() override {
    if (!std::exchange(paused_, false)) return;
    // Not from within a callback of libcurl, and not if the call is over by then.
    asio::post(multi_->loop(), [alive = std::weak_ptr(alive_), this] {
      if (!alive.expired() && !paused_) curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
    });
  }

  void on_done(CURLcode code) override {
    if (retries(code)) return;
    idle_.cancel();
    has_ended_ = true;
    const std::string message = !fault_.empty() ? fault_ : error_[0] ? error_ : curl_easy_strerror(code);
    // The owner may destroy this in on_end.
    const auto on_end = std::move(events_.on_end);
    on_end(end_of(code, head_done_), message);
  }

 private:
  // Sends the request again if the upstream had closed the kept connection on which it was sent. libcurl does this for
  // HTTP/1.1, but not if an HTTP/2 connection was closed with GOAWAY.
  bool retries(CURLcode code) {
    long connects = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &connects);
    const bool is_kept_connection = connects == 0 && (code == CURLE_HTTP2 || code == CURLE_SEND_ERROR ||
                                                      code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING);
    if (!is_kept_connection || request_.upload || has_answer_ || std::exchange(retried_, true)) return false;
    error_[0] = '\0';
    curl_easy_setopt(easy_.get(), CURLOPT_FRESH_CONNECT, 1L);
    multi_->remove(easy_.get());
    multi_->add(easy_.get(), *this);
    return true;
  }
  // libcurl only limits the mean speed, and a stream of few bytes is alive too.
  void wait_for_bytes(Timer::duration time) {
    idle_.expires_after(time);
    idle_.async_wait([alive = std::weak_ptr(alive_), this](auto error) {
      if (!error && !alive.expired()) check_bytes();
    });
  }
  void check_bytes() {
    if (paused_) active_ = Timer::clock_type::now();
    const auto left = active_ + options_.idle_timeout - Timer::clock_type::now();
    if (left > Timer::duration::zero()) return wait_for_bytes(left);
    leave();
    fault_ = "the upstream sent nothing for too long; see --upstream-idle-timeout";
    on_done(CURLE_OPERATION_TIMEDOUT);
  }

  // libcurl 7.88 sends the reset of an HTTP/2 stream only when its connection is used again, and a model would go on writing
  // until then: the connection is closed, unless other calls use it.
  void leave() {
    if (!has_ended_) curl_easy_setopt(easy_.get(), CURLOPT_FORBID_REUSE, 1L);
    multi_->remove(easy_.get());
  }

  void set_up() {
    CURL* easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReadBytes);
#if LIBCURL_VERSION_NUM >= 0x075700
    // A call that is cancelled while its host's name is looked up does not wait for that.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    if (!options_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    if (request_.method == "HEAD") {
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (request_.upload) {
      const auto size = request_.upload->size();
      curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, size ? static_cast<curl_off_t>(*size) : curl_off_t{-1});
      curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
      curl_easy_setopt(easy, CURLOPT_READDATA, this);
      // On a kept connection that the upstream has closed, the body could not be sent again.
      curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    } else if (!request_.body->empty() || request_.method == "POST" || request_.method == "PUT" ||
               request_.method == "PATCH") {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body->size()));
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body->data());
    }
    if (request_.method != "HEAD") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    fields_ = field_list(request_.fields);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields_.get());
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  }

  // One line of a head. Interim answers (1xx) have heads of their own, which are dropped.
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& call = *static_cast<Call*>(self);
    call.active_ = Timer::clock_type::now();
    call.has_answer_ = true;
    std::string_view line(data, size * count);
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {
      constexpr std::size_t kStatusSize = 5;  // with the blanks around it
      const std::size_t reason = line.find(' ') == line.npos ? line.npos : line.find(' ') + kStatusSize;
      call.head_ = {.reason = std::string(line.substr(std::min(reason, line.size())))};
    } else if (!line.empty()) {
      if (!call.head_done_) call.take_field(line);  // trailers are not passed on
    } else if (!call.head_done_) {
      long status = 0;
      curl_easy_getinfo(call.easy_.get(), CURLINFO_RESPONSE_CODE, &status);
      if (status == 101) return 0;  // it was not asked to switch protocols
      if (status < 200) return size * count;
      if (!has_one_length(call.head_.fields)) {
        call.fault_ = "the upstream's content-length fields contradict each other";
        return 0;
      }
      call.head_done_ = true;
      call.head_.status = static_cast<int>(status);
      call.events_.on_head(std::move(call.head_));
    }
    return size * count;
  }

  void take_field(std::string_view line) {
    std::string text(line);
    // Not valid in a field, and to be replaced by those who pass it on (RFC 9110, section 5.5).
    std::ranges::replace_if(text, [](char character) { return character == '\r' || character == '\0'; }, ' ');
    if (text.starts_with(' ') || text.starts_with('\t')) {
      head_.fields.extend_last(trimmed(text));
    } else if (const std::size_t colon = text.find(':'); colon != text.npos) {
      head_.fields.add(text.substr(0, colon), std::string(trimmed(std::string_view(text).substr(colon + 1))));
    }
  }

  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) {
    auto& call = *static_cast<Call*>(self);
    if (std::exchange(call.sent_, sent) != sent) call.active_ = Timer::clock_type::now();
    return 0;
  }

  // Passes on what has arrived of the request's body.
  static std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
    auto& call = *static_cast<Call*>(self);
    if (call.to_send_.empty() && !call.sends_last_) {
      call.read_upload();
      return CURL_READFUNC_PAUSE;
    }
    const std::size_t taken = call.to_send_.copy(buffer, size * count);
    call.to_send_.erase(0, taken);
    return taken;
  }

  void read_upload() {
    if (std::exchange(reads_upload_, true)) return;
    request_.upload->read([alive = std::weak_ptr(alive_), this](std::string piece) {
      if (alive.expired()) return;
      reads_upload_ = false;
      sends_last_ = piece.empty();
      to_send_ = std::move(piece);
      curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
    });
  }

  static std::size_t on_data(char* data, std::size_t size, std::size_t count, void* self) {
    auto& call = *static_cast<Call*>(self);
    if (call.paused_) return CURL_WRITEFUNC_PAUSE;
    call.active_ = Timer::clock_type::now();
    call.events_.on_data(std::string_view(data, size * count));
    return size * count;
  }

  std::shared_ptr<CurlMulti> multi_;
  const UpstreamOptions options_;
  UpstreamRequest request_;
  UpstreamEvents events_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Timer idle_;
  Timer::time_point active_ = Timer::clock_type::now();  // when bytes were last received or sent
  curl_off_t sent_ = 0;                                  // bytes of the request
  char error_[CURL_ERROR_SIZE] = {};
  std::string fault_;  // that was found here, in words for people
  Easy easy_;
  List fields_;
  UpstreamHead head_;
  bool has_answer_ = false;  // its first byte has arrived
  bool head_done_ = false;
  bool has_ended_ = false;
  bool retried_ = false;
  bool paused_ = false;
  std::string to_send_;        // the part of the upload that libcurl has not taken yet
  bool reads_upload_ = false;  // its next piece is being read
  bool sends_last_ = false;    // it has no further piece
};

}  // namespace

UpstreamClient::UpstreamClient(asio::io_context& loop, UpstreamOptions options)
    : options_(std::move(options)), multi_(std::make_shared<CurlMulti>(loop)) {}

UpstreamClient::~UpstreamClient() = default;

std::size_t UpstreamClient::calls() const {
  return multi_->transfers();
}

std::unique_ptr<UpstreamCall> UpstreamClient::start(UpstreamRequest request, UpstreamEvents events) {
  return std::make_unique<Call>(multi_, options_, std::move(request), std::move(events));
}

}  // namespace llmcache::serve
