#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "cli/help_text.h"
#include "commands/all.h"

namespace llmcache {

namespace {

struct Topic {
  std::string_view name;
  std::string (*text)();
};

std::string exit_codes() {
  std::string text = "Exit codes:\n";
  for (const ExitRow& row : exit_table()) text += fmt::format("  {:>5}  {}\n", static_cast<int>(row.exit), row.meaning);
  return text +
         "  128+n  run: signal n ended COMMAND\n"
         "run exits with COMMAND's own code if COMMAND ran.\n\n"
         "With the codes 2 to 7 one line 'llmcache: error: ...' is printed to stderr; with --json, a\n"
         "JSON object with the members code, kind, retryable and message.\n";
}

std::string keys() {
  return R"(The key of a request is {prefix}{session}_{hash}. The hash is the XXH3-128 of the canonical
request: sorted members, no white space, one spelling of each number and string (RFC 8785). Two
requests that mean the same to a JSON reader have the same key; any other difference counts.

Left out of the key: "stream" if it is true, what each --ignore pointer points to
(/messages/*/id: in every message), and with --no-model and --no-provider these two members.
--provider sets the provider. An entry remembers what was left out: it never answers a request
that did not have it.

The endpoint is part of the key where it is known: run takes it from the URL of curl, wget, http,
https, xh or xhs, and --endpoint sets it everywhere. API keys in a URL are not part of it. run does
not cache a request that has neither a "model" nor an endpoint.

  {key}                   the response, or the stream of an API that streams without being asked
  {key}_at_{16 digits}    the same for one endpoint
  ..._sample_{i}          sample i of it
  ..._stream              the stream of a request with "stream": true

  llmcache hash request.json                          the key
  llmcache hash --explain request.json                the effect of each member on it
  llmcache diff a.json b.json                         why two keys differ
  llmcache get --why request.json                     why a request missed
  llmcache hash --canonical request.json | xxh128sum  the hash, computed by public tools
)";
}

std::string stores() {
  return R"(Stores are set with --store URL, LLMCACHE_STORE, or "store" in a configuration file:

  sqlite:                 the default: $XDG_CACHE_HOME/llmcache/cache.db
  sqlite:PATH             an SQLite file, created by the first write
  redis://[user[:password]@]host[:port][/db]     a Redis or Valkey server; rediss:// with TLS
  redis+unix:///path.sock?db=1                   a server on a unix socket
  redis+cluster://h1:p,h2:p                      a cluster
  redis+sentinel://h1:p,h2:p/master[/db]         the master that sentinels name
  memory:                 within one process; for programs that link libcache

An embedded store evicts the least recently used entries to stay below --max-size.
With '?read_only=1' at the end of a URL, nothing is written.

Several stores form one: '--store sqlite: --store redis://cache.example.com' reads from the near
store first, copies hits from the far one into it, and writes to both.

The password of a server comes from --password-file, --password-command, LLMCACHE_PASSWORD,
LLMCACHE_PASSWORD_FILE, the URL (with a warning) or REDISCLI_AUTH, in this order. With TLS the host
name is verified; --cacert names your own certificate authority.
)";
}

std::string config() {
  return R"(Settings are read in this order, and the first source that has a value wins: flags, LLMCACHE_*
variables, the project's .llmcache.json (the nearest one, searching upwards until a .git, the home
directory or a directory of another owner), $XDG_CONFIG_HOME/llmcache/config.json,
/etc/llmcache/config.json. --config FILE replaces these three files.

A file is a JSON object with comments: { "ttl": "1h", "ignore": ["/metadata"] }. A project's file
may not set the store, passwords or TLS, unless its directory is listed in your "trusted_dirs".

  llmcache config list --origin     every setting, its value and where it comes from
  llmcache config path              the path of your own file

Durations: 250ms 30s 5m 1h 7d; a bare number means seconds. Sizes: 64k 10M 2G.
Booleans: 1 0 true false yes no on off.
)";
}

constexpr auto kTopics = std::to_array<Topic>(
    {{"exit-codes", exit_codes}, {"keys", keys}, {"stores", stores}, {"config", config}, {"options", options_text}});

class Help : public Command {
 public:
  CommandHelp help() const override {
    return {"[TOPIC | COMMAND]", R"(Explains a topic (exit-codes, keys, stores, config, options) or a command.)", "",
            R"(  llmcache help stores
  llmcache help run)"};
  }

  void declare(Options& options) override {
    Option& topic = options.positional("TOPIC", topic_, "a topic or a command");
    topic.choices = names_of(kTopics);
    std::ranges::move(names_of(command_table()), std::back_inserter(topic.choices));
  }

  bool uses_config_files() const override { return false; }

  Exit run(Context& context) override {
    const auto topic = std::ranges::find(kTopics, topic_, &Topic::name);
    if (topic_.empty()) {
      context.out().print(help_text());
    } else if (topic != kTopics.end()) {
      context.out().print(topic->text());
    } else if (const CommandRow* row = find_command(topic_)) {
      context.out().print(help_text(*row));
    } else {
      usage_error(fmt::format("no help on '{}'; the topics are exit-codes, keys, stores, config and options", topic_));
    }
    return Exit::success;
  }

 private:
  std::string topic_;
};

}  // namespace

std::unique_ptr<Command> make_help() {
  return std::make_unique<Help>();
}

}  // namespace llmcache
