#include "server/tls.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "failure.h"

namespace llmcache::serve {

namespace ssl = boost::asio::ssl;

namespace {

void require_readable(const char* option, const std::string& file) {
  if (::access(file.c_str(), R_OK) != 0) usage_error(fmt::format("{} {}: {}", option, file, std::strerror(errno)));
}

void check_authorities(const std::string& file) {
  constexpr const char* kOption = "--upstream-cacert";
  require_readable(kOption, file);
  ssl::context context(ssl::context::tls_client);
  boost::system::error_code error;
  if (context.load_verify_file(file, error))
    usage_error(fmt::format("{} {}: holds no certificate (PEM)", kOption, file));
}

}  // namespace

std::unique_ptr<ssl::context> open_tls(const ServeOptions& options) {
  if (!options.upstream.ca_file.empty()) check_authorities(options.upstream.ca_file);
  const std::string& certificate = options.tls_certificate;
  const std::string& key = options.tls_key;
  if (certificate.empty() != key.empty()) usage_error("--tls-cert and --tls-key must be given together");
  if (certificate.empty()) return nullptr;
  require_readable("--tls-cert", certificate);
  require_readable("--tls-key", key);
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  boost::system::error_code error;
  if (context->use_certificate_chain_file(certificate, error)) {
    usage_error(fmt::format("--tls-cert {}: holds no certificate (PEM)", certificate));
  }
  if (context->use_private_key_file(key, ssl::context::pem, error)) {
    usage_error(fmt::format("--tls-key {}: is not the key (PEM) of the certificate", key));
  }
  return context;
}

}  // namespace llmcache::serve
