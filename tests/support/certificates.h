// Makes certificates for TLS tests with openssl.
#pragma once

#include <filesystem>
#include <string>

namespace support {

// Fills `directory` with a CA certificate (ca.crt), and with certificates and keys of a server (server.crt, server.key)
// and of a client (client.crt, client.key) that the CA has signed. They are valid for `days` and for `names`, such as
// "IP:127.0.0.1,DNS:localhost".
void make_certificates(const std::filesystem::path& directory, const std::string& names = "IP:127.0.0.1,DNS:localhost",
                       int days = 30);

}  // namespace support
