#include "http/credential_session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libcache/key.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>
#include <vector>

#include "failure.h"
#include "process/descriptor.h"
#include "text.h"

namespace llmcache::serve {

namespace {

// Words in the names of fields that carry credentials. Providers and gateways have many such fields, and a word too many
// only keeps two callers apart.
constexpr auto kCredentialWords = std::to_array<std::string_view>(
    {"auth", "-key", "apikey", "token", "secret", "password", "credential", "signature", "cookie"});
// New for each request.
constexpr std::string_view kIdempotencyKey = "idempotency-key";

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kSessionBytes = 16;  // 32 hex digits

bool is_credential_field(const std::string& name) {
  const auto is_in_name = [&](std::string_view word) { return name.find(word) != name.npos; };
  return name != kIdempotencyKey && std::ranges::any_of(kCredentialWords, is_in_name);
}

std::string hex(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

[[noreturn]] void fail_with_errno(const std::string& path) {
  throw Failure(Exit::refused, fmt::format("--session-secret-file {}: {}", path, std::strerror(errno)));
}

// Written under another name first, so that no process ever reads a half of it.
void make_secret(const std::string& path) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  std::array<unsigned char, kSecretBytes> secret;
  if (RAND_bytes(secret.data(), secret.size()) != 1) throw Failure(Exit::refused, "no random numbers are available");
  const std::string text = hex(secret) + "\n";
  std::string temporary = path + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.number() < 0) fail_with_errno(path);
  const bool written = ::write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  // If another process was first, its secret counts.
  const bool linked = written && (::link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  ::unlink(temporary.c_str());
  errno = error;
  if (!linked) fail_with_errno(path);
}

}  // namespace

std::string credential_of(const Headers& headers, std::string_view target) {
  std::vector<std::string> credentials;
  for (const Field& field : headers) {
    if (const std::string name = lower_case(field.name); is_credential_field(name)) {
      credentials.push_back(name + ":" + field.value);
    }
  }
  const std::size_t question = target.find('?');
  for (std::string_view query = question == target.npos ? "" : target.substr(question + 1); !query.empty();) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    if (libcache::is_credential_parameter(parameter)) credentials.emplace_back(parameter);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::ranges::sort(credentials);
  return fmt::format("{}", fmt::join(credentials, std::string_view("\0", 1)));
}

std::string session_of_credential(std::string_view secret, std::string_view credential) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(credential.data()), credential.size(), digest.data(), &size);
  return hex(std::span(digest).first(kSessionBytes));
}

std::string session_secret(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) make_secret(path);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.number() < 0) fail_with_errno(path);
  struct stat state{};
  std::array<char, 4096> buffer;
  const bool is_file = ::fstat(file.number(), &state) == 0 && S_ISREG(state.st_mode);
  const ssize_t size = is_file ? ::read(file.number(), buffer.data(), buffer.size()) : -1;
  if (!is_file) throw Failure(Exit::refused, fmt::format("--session-secret-file {}: not a regular file", path));
  if ((state.st_mode & 077) != 0) {
    throw Failure(Exit::refused,
                  fmt::format("--session-secret-file {}: others can read it; run chmod 600 on it", path));
  }
  std::string secret(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.size() < kSessionBytes) {
    throw Failure(Exit::refused,
                  fmt::format("--session-secret-file {}: a secret has at least {} bytes", path, kSessionBytes));
  }
  return secret;
}

}  // namespace llmcache::serve
