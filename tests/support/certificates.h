// Certificates for tests of TLS, made by openssl.
#pragma once

#include <filesystem>
#include <string>

namespace support {

// Fills `directory` with an authority (ca.crt), a server's certificate and key under it (server.crt, server.key), valid
// for `names` as in "IP:127.0.0.1,DNS:localhost" and for `days`, and a client's (client.crt, client.key).
void make_certificates(const std::filesystem::path& directory, const std::string& names = "IP:127.0.0.1,DNS:localhost",
                       int days = 30);

}  // namespace support
