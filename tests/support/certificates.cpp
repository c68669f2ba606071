#include "support/certificates.h"

#include <fstream>
#include <vector>

#include "support/process.h"

namespace support {

void make_certificates(const std::filesystem::path& directory, const std::string& names, int days) {
  std::filesystem::create_directories(directory);
  const auto file = [&](const std::string& name) { return (directory / name).string(); };
  run_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-days", "30", "-subj", "/CN=test authority", "-keyout", file("ca.key"), "-out", file("ca.crt")});
  std::ofstream(file("extensions")) << "subjectAltName=" << names << "\n";
  for (const std::string who : {"server", "client"}) {
    run_program({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                 "/CN=" + who, "-keyout", file(who + ".key"), "-out", file(who + ".csr")});
    run_program({"openssl", "x509", "-req", "-in", file(who + ".csr"), "-CA", file("ca.crt"), "-CAkey", file("ca.key"),
                 "-CAcreateserial", "-days", std::to_string(days), "-extfile", file("extensions"), "-out",
                 file(who + ".crt")});
  }
}

}  // namespace support
