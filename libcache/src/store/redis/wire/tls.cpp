#include "store/redis/wire/tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <cstdint>
#include <cstring>

#include "store/redis/wire/error.h"
#include "store/redis/wire/socket_io.h"

namespace libcache::internal::redis {

namespace {

// Our own BIO, because OpenSSL's socket BIO writes in a way that raises SIGPIPE. Its data pointer holds the socket.
int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = send_some(socket_of(bio), bytes, static_cast<std::size_t>(size));
  if (sent < 0 && would_block()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* buffer, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t received = receive_some(socket_of(bio), buffer, static_cast<std::size_t>(size));
  if (received < 0 && would_block()) BIO_set_retry_read(bio);
  if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(received);
}

long bio_control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_EOF:
      return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    case BIO_CTRL_FLUSH:
      return 1;
    default:
      return 0;
  }
}

BIO* make_bio(int socket) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "libcache socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  return bio;
}

std::string openssl_reason() {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(error);
  ERR_clear_error();
  return reason != nullptr ? printable(reason) : "unknown error";
}

tl::unexpected<Error> unusable(std::string_view what, const std::string& value) {
  return fail(ErrorCode::invalid, "TLS: cannot use " + std::string(what) + " " + value + ": " + openssl_reason());
}

Status load_authorities(SSL_CTX* context, const TlsOptions& options) {
  if (options.ca_file.empty() && options.ca_directory.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) return unusable("the system's", "CA certificates");
    return {};
  }
  if (!options.ca_file.empty() && SSL_CTX_load_verify_file(context, options.ca_file.c_str()) != 1) {
    return unusable("CA certificates", options.ca_file.string());
  }
  if (!options.ca_directory.empty() && (!std::filesystem::is_directory(options.ca_directory) ||
                                        SSL_CTX_load_verify_dir(context, options.ca_directory.c_str()) != 1)) {
    return unusable("CA directory", options.ca_directory.string());
  }
  return {};
}

Status load_client_certificate(SSL_CTX* context, const TlsOptions& options) {
  if (options.certificate.empty() && options.key.empty()) return {};
  if (options.certificate.empty() || options.key.empty()) {
    return fail(ErrorCode::invalid, "TLS: a client's certificate and its key must be given together");
  }
  if (SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) != 1) {
    return unusable("certificate", options.certificate.string());
  }
  if (SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return unusable("key", options.key.string());
  }
  return {};
}

bool is_ip_address(const std::string& host) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), address) == 1 || inet_pton(AF_INET6, host.c_str(), address) == 1;
}

}  // namespace

void TlsContext::Free::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}
void TlsSession::Free::operator()(SSL* session) const {
  SSL_free(session);
}

Result<TlsContext> TlsContext::create(const TlsOptions& options) {
  ERR_clear_error();
  TlsContext tls;
  tls.context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = tls.context_.get();
  if (context == nullptr) return unusable("OpenSSL", "");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (!options.ciphers.empty() && SSL_CTX_set_cipher_list(context, options.ciphers.c_str()) != 1) {
    return unusable("ciphers", options.ciphers);
  }
  if (const Status loaded = load_authorities(context, options); !loaded) return fail(loaded.error());
  if (const Status loaded = load_client_certificate(context, options); !loaded) return fail(loaded.error());
  tls.server_name_ = options.server_name;
  tls.insecure_ = options.insecure;
  return tls;
}

Result<TlsSession> TlsSession::create(const TlsContext& context, int socket, const std::string& host) {
  ERR_clear_error();
  TlsSession tls;
  tls.session_.reset(SSL_new(context.context_.get()));
  SSL* session = tls.session_.get();
  if (session == nullptr) return unusable("OpenSSL", "");
  BIO* bio = make_bio(socket);
  SSL_set_bio(session, bio, bio);
  SSL_set_connect_state(session);
  const std::string& name = context.server_name_.empty() ? host : context.server_name_;
  const bool address = is_ip_address(name);
  if (!address && SSL_set_tlsext_host_name(session, name.c_str()) != 1) return unusable("host name", name);
  if (context.insecure_) return tls;
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name.c_str())
                          : SSL_set1_host(session, name.c_str());
  if (set != 1) return unusable("host name", name);
  return tls;
}

Result<Transfer> TlsSession::handshake() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(session_.get());
  return result_of(result, 1);
}

Result<Transfer> TlsSession::read(std::span<char> buffer) {
  ERR_clear_error();
  errno = 0;
  std::size_t bytes = 0;
  const int result = SSL_read_ex(session_.get(), buffer.data(), buffer.size(), &bytes);
  return result_of(result, bytes);
}

Result<Transfer> TlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  errno = 0;
  std::size_t written = 0;
  const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written);
  return result_of(result, written);
}

bool TlsSession::has_pending() const {
  return SSL_has_pending(session_.get()) == 1;
}

Result<Transfer> TlsSession::result_of(int result, std::size_t bytes) const {
  if (result == 1) return Transfer{.bytes = bytes};
  const int system_error = errno;
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Transfer{.wait_for = POLLIN};
    case SSL_ERROR_WANT_WRITE:
      return Transfer{.wait_for = POLLOUT};
    case SSL_ERROR_ZERO_RETURN:
      return fail(ErrorCode::unavailable, "the server closed the connection");
    case SSL_ERROR_SYSCALL:
      if (system_error == 0) break;
      return fail(code_of_errno(system_error), std::strerror(system_error));
    default:
      break;
  }
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  if (reason == 0 || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    return fail(ErrorCode::unavailable, "the server closed the connection");
  }
  const long verdict = SSL_get_verify_result(session_.get());
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK) {
    ERR_clear_error();
    return fail(ErrorCode::refused,
                std::string("TLS: the server's certificate was rejected: ") + X509_verify_cert_error_string(verdict));
  }
  return fail(ErrorCode::refused, "TLS: " + openssl_reason());
}

}  // namespace libcache::internal::redis
