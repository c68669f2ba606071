#include "transfer/lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "failure.h"
#include "process/descriptor.h"
#include "process/input.h"
#include "ui/output.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

constexpr std::string_view kCompressedEnding = ".zst";
constexpr std::size_t kPiece = 256 << 10;

// What hands on compressed bytes, or decompressed ones, a piece at a time.
using Take = std::function<void(std::string_view)>;

class Compressor {
 public:
  void add(std::string_view bytes, ZSTD_EndDirective how, const Take& take) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{piece_.data(), piece_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context_.get(), &out, &in, how);
      if (ZSTD_isError(left) != 0) throw Failure(Exit::refused, ZSTD_getErrorName(left));
      take({piece_.data(), out.pos});
      const bool done = how == ZSTD_e_end ? left == 0 : in.pos == in.size;
      if (done) return;
    }
  }

 private:
  std::unique_ptr<ZSTD_CCtx, decltype([](ZSTD_CCtx* context) { ZSTD_freeCCtx(context); })> context_{ZSTD_createCCtx()};
  std::vector<char> piece_ = std::vector<char>(kPiece);
};

// Input that begins with zstd's magic number is decompressed; any other is handed on as it is.
class Decompressor {
 public:
  void add(std::string_view bytes, const Take& take) {
    if (!compressed_) {
      start_ += bytes;
      if (start_.size() < sizeof(kMagic)) return;
      begin();
      bytes = start_;
    }
    pass(bytes, take);
  }
  // Returns false if the input ends too early.
  bool finish(const Take& take) {
    if (!compressed_) {
      compressed_ = false;
      pass(start_, take);
    }
    return left_ == 0;
  }

 private:
  static constexpr unsigned char kMagic[] = {0x28, 0xb5, 0x2f, 0xfd};  // RFC 8878

  void begin() { compressed_ = std::memcmp(start_.data(), kMagic, sizeof(kMagic)) == 0; }

  void pass(std::string_view bytes, const Take& take) {
    if (!*compressed_) return take(bytes);
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (in.pos < in.size) {
      ZSTD_outBuffer out{piece_.data(), piece_.size(), 0};
      left_ = ZSTD_decompressStream(context_.get(), &out, &in);
      if (ZSTD_isError(left_) != 0) {
        throw Failure(Exit::bad_input, fmt::format("the compressed input is damaged: {}", ZSTD_getErrorName(left_)));
      }
      take({piece_.data(), out.pos});
    }
  }

  std::string start_;
  std::optional<bool> compressed_;
  std::size_t left_ = 0;
  std::unique_ptr<ZSTD_DCtx, decltype([](ZSTD_DCtx* context) { ZSTD_freeDCtx(context); })> context_{ZSTD_createDCtx()};
  std::vector<char> piece_ = std::vector<char>(kPiece);
};

}  // namespace

struct LineFile::State {
  std::string path;
  std::string partial;  // the name until it is whole; empty: what is written to is not a regular file
  Descriptor file;
  std::optional<Compressor> compressor;
  std::string buffer;
  bool finished = false;

  [[noreturn]] void fail(const char* what) const {
    throw Failure(Exit::refused, fmt::format("'{}' {}: {}", escaped(path, false), what, std::strerror(errno)));
  }
  void write(std::string_view bytes) const {
    if (!write_all(file.number(), bytes)) fail("cannot be written");
  }
  void flush(ZSTD_EndDirective how) {
    if (compressor) {
      compressor->add(buffer, how, [this](std::string_view bytes) { write(bytes); });
    } else {
      write(buffer);
    }
    buffer.clear();
  }
};

LineFile::LineFile(std::string path) : state_(std::make_unique<State>()) {
  if (path.ends_with(kCompressedEnding)) state_->compressor.emplace();
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  const bool exists = std::filesystem::exists(status);
  const bool is_link = std::filesystem::is_symlink(std::filesystem::symlink_status(path, error));
  // A symbolic link stays one, also if the file that it leads to does not exist yet.
  if (exists) {
    path = std::filesystem::canonical(path, error).string();
  } else if (is_link) {
    path = std::filesystem::path(path).parent_path() / std::filesystem::read_symlink(path, error);
  }
  state_->path = std::move(path);
  if (exists && !std::filesystem::is_regular_file(status)) {
    state_->file = Descriptor(::open(state_->path.c_str(), O_WRONLY | O_CLOEXEC));
  } else {
    state_->partial = fmt::format("{}.{}", state_->path, ::getpid());
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    state_->file = Descriptor(::open(state_->partial.c_str(), kFlags, 0666));
    // A file that is replaced may hold what only its owner is to read.
    if (exists) ::fchmod(state_->file.number(), static_cast<mode_t>(status.permissions()) & 0777);
  }
  if (state_->file.number() < 0) state_->fail("cannot be created");
}

LineFile::~LineFile() {
  if (state_->file.number() >= 0 && !state_->partial.empty() && !state_->finished) ::unlink(state_->partial.c_str());
}

void LineFile::line(std::string_view text) {
  state_->buffer += text;
  state_->buffer += '\n';
  if (state_->buffer.size() >= kPiece) state_->flush(ZSTD_e_continue);
}

void LineFile::finish() {
  state_->flush(ZSTD_e_end);
  if (::fsync(state_->file.number()) != 0 && errno != EINVAL) state_->fail("cannot be written");
  if (!state_->partial.empty() && std::rename(state_->partial.c_str(), state_->path.c_str()) != 0) {
    state_->fail("cannot be replaced");
  }
  state_->finished = true;
}

void for_each_line(const std::string& path, std::size_t longest,
                   const std::function<void(std::string_view, std::uint64_t)>& take) {
  std::string begun;  // of a line that is not whole yet
  std::uint64_t number = 0;
  const auto split = [&](std::string_view bytes) {
    for (;;) {
      const auto end = bytes.find('\n');
      if (begun.size() + std::min(end, bytes.size()) > longest) {
        throw Failure(Exit::bad_input, fmt::format("line {} is longer than {} bytes", number + 1, longest));
      }
      if (end == std::string_view::npos) break;
      begun += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      take(begun, ++number);
      begun.clear();
    }
    begun += bytes;
  };
  Decompressor decompressor;
  read_input(path, [&](std::string_view bytes) { decompressor.add(bytes, split); });
  if (!decompressor.finish(split)) throw Failure(Exit::bad_input, "the compressed input ends too early");
  if (!begun.empty()) take(begun, ++number);
}

}  // namespace llmcache
