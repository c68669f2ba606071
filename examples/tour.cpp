// A tour of libcache: looks up, stores, records, replays, fills, clears and purges.  Usage: tour DATABASE
#include <libcache/cache.h>
#include <libcache/open.h>

#include <cstdio>
#include <iostream>
#include <string>

using namespace libcache;
using namespace std::chrono_literals;

namespace {

constexpr const char* kQuestion = R"({"model":"m","messages":[{"role":"user","content":"Why cache?"}]})";
constexpr const char* kFilled = R"({"model":"m","messages":[{"role":"user","content":"How often?"}]})";
constexpr const char* kStreamed = R"({"model":"m","messages":[{"role":"user","content":"Why cache?"}],"stream":true})";

// Prints the message of a failure and exits.
template <class T>
T must(Result<T> result) {
  if (!result) {
    std::cerr << "tour: " << result.error().message << "\n";
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

Deadline soon() {
  return Deadline::after(3s);
}

void look_up_and_put(Cache& cache) {
  const RequestKey key = must(cache.key(kQuestion));
  std::cout << "key:    " << key.base << "\n";
  const Lookup before = must(cache.get(key, EntryKind::response, soon()));
  std::cout << "before: " << to_string(before.miss) << "\n";

  Answer answer;
  answer.body = R"({"error":{"message":"quota exceeded"}})";
  const auto refused = cache.put(key, answer, {}, soon());
  std::cout << "error:  " << refused.error().message << "\n";
  answer.body = R"({"choices":[{"message":{"content":"It pays twice."},"finish_reason":"stop"}]})";
  must(cache.put(key, answer, {.ttl = Ttl{1h}}, soon()));
  const Lookup after = must(cache.get(key, EntryKind::response, soon()));
  std::cout << "after:  " << must(after.entry->body()) << "\n";
}

void record_and_replay(Cache& cache) {
  const RequestKey key = must(cache.key(kStreamed));
  AnswerRecorder recorder;  // takes the pieces as they arrive from the network
  recorder.write("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"It pays\"},\"finish_re");
  recorder.write("ason\":null}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" twice.\"},");
  recorder.write("\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
  cache.put_later(key, std::move(recorder).finish());
  must(cache.flush(soon()));

  const Lookup found = must(cache.get(key, EntryKind::stream, soon()));
  TextExtractor text;
  std::cout << "stream:";
  must(found.entry->read([&](const Chunk& chunk) -> Status {
    std::cout << " [" << text.feed(chunk.bytes) << "]";
    return {};
  }));
  std::cout << "\n";
}

// One call of the model, however many ask at the same time; what it says is stored only if it is complete.
void get_or_fill(Cache& cache) {
  const RequestKey key = must(cache.key(kFilled));
  const Producer ask_the_model = [](AnswerWriter& writer) -> Status {
    for (const char* const piece :
         {R"({"choices":[{"message":{"content":"Only )", R"(once."},"finish_reason":"stop"}]})"}) {
      if (auto written = writer.write(piece); !written) return written;
    }
    return {};
  };
  const Receiver print = [](std::string_view bytes) -> Status {
    std::cout << bytes;
    return {};
  };
  for (const char* const time : {"first:  ", "second: "}) {
    std::cout << time;
    const Filled filled = must(cache.get_or_fill(key, ask_the_model, print, {}, soon()));
    const bool was_stored = filled.source == Filled::Source::store;
    std::cout << (was_stored ? " (from the store)\n" : " (from the model)\n");
  }
}

void print_event(const Event& event) {
  std::cerr << "event:  " << event.name << ": " << event.message << "\n";
}

}  // namespace

int main(int count, char** arguments) {
  const std::string url = std::string("sqlite:") + (count > 1 ? arguments[1] : "tour.db");
  StoreOptions store_options;
  store_options.on_event = print_event;
  CacheOptions options;
  options.on_event = print_event;
  const auto cache = must(Cache::create(must(open_store(must(StoreUrl::parse(url)), store_options)), options));
  look_up_and_put(*cache);
  record_and_replay(*cache);
  get_or_fill(*cache);
  std::cout << "clear:  " << must(cache->clear(must(cache->key(kQuestion)).base, soon())) << " entries\n";
  PurgeFilter all_entries;
  all_entries.prefix = "llmcache:";
  std::cout << "purge:  " << must(cache->purge(all_entries, soon())).entries << " entries\n";
}
