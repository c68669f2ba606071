// The entries that the Redis plugin of a Bifrost gateway wrote for one request and one stream, and its answers on a
// hit: the lines of golden/bifrost/redis.jsonl.
#pragma once

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace support {

struct GatewayData {
  std::string request;
  std::string key;                            // of the response
  std::map<std::string, std::string> values;  // by name: the response and each chunk
  std::string hit_response;                   // as JSON
  std::vector<std::string> hit_chunks;

  explicit GatewayData(const std::string& golden) {
    std::ifstream file(golden + "/bifrost/redis.jsonl");
    for (std::string line; std::getline(file, line);) {
      const auto row = nlohmann::json::parse(line);
      const std::string what = row["what"];
      if (what == "request") {
        request = row["request"];
      } else if (what == "redis") {
        values[row["key"]] = row["value"];
      } else if (what == "hit_response") {
        hit_response = row["json"];
      } else {
        hit_chunks.push_back(row["json"]);
      }
    }
    key = values.begin()->first;
  }

  std::string chunk_name(std::size_t index) const { return key + "_chunk_" + std::to_string(index); }
  // The stream as the gateway sends it.
  std::string events() const {
    std::string text;
    for (std::size_t i = 0; i < hit_chunks.size(); ++i) text += "data: " + values.at(chunk_name(i)) + "\n\n";
    return text + "data: [DONE]\n\n";
  }
};

}  // namespace support
