#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/help_text.h"
#include "commands/all.h"

namespace llmcache {

namespace {

struct Topic {
  std::string_view name;
  std::string_view text;
};

constexpr auto kTopics = std::to_array<Topic>({
    {"exit-codes", R"(EXIT CODES
    0  hit, success, same key
    1  no: a miss, nothing to delete, keys differ
    2  usage or configuration error
    3  bad input: not a request, a rejected request, an unreadable response
    4  store unavailable; a retry may help
    5  store refuses; an operator must act. Also: stdout could not be written
    6  damaged or incomplete entry, with --strict (otherwise it is a miss); also: the stream
       that run copied from another run broke off
    7  refused by policy: not cacheable, larger than max_entry, more than --max-delete
  run exits with COMMAND's own code, and besides:
  125  llmcache itself failed    126  COMMAND is not executable
  127  COMMAND was not found   128+n  signal n ended COMMAND

  Codes 2 to 7 print one line 'llmcache: error: ...' on stderr; with --json a JSON object with
  code, kind, retryable and message.
)"},
    {"keys", R"(KEYS
  A request's key is {prefix}{session}_{hash}. The hash is XXH3-128 of the canonical request: members
  sorted, white space gone, numbers and strings in one spelling (RFC 8785). Two requests that mean the
  same thing to a JSON reader have one key; anything else that differs, differs in the key.

  Left out of the key: 'stream' (it selects the kind of entry) and 'fallbacks', every --ignore pointer,
  and with --no-model and --no-provider these two members. --provider sets the provider.

  The response entry is named by the key, sample i of it by key_sample_i, and a stream by either with
  _stream at its end.

    llmcache hash request.json                  the key
    llmcache hash --explain request.json        what each member does to it
    llmcache diff a.json b.json                 why two keys differ
    llmcache get --why request.json             why a request missed
    llmcache hash --canonical request.json | xxh128sum     the hash, with public tools
)"},
    {"stores", R"(STORES
  --store URL, LLMCACHE_STORE, or 'store' in a configuration file:

    sqlite:                 the default: $XDG_CACHE_HOME/llmcache/cache.db
    sqlite:PATH             an SQLite file, made at the first write
    redis://[user[:password]@]host[:port][/db]     a Redis or Valkey server; rediss:// with TLS
    redis+unix:///path.sock?db=1                   on a unix socket
    redis+cluster://h1:p,h2:p                      a cluster; ?read_from=replicas
    redis+sentinel://h1:p,h2:p/master[/db]         the master behind sentinels
    memory:                 this process only; for programs that link libcache

  An embedded store keeps itself below --max-size by evicting what was used longest ago, and removes
  expired entries as it is written to. '?read_only=1' at the end of a URL refuses every write.

  Several make one: --store sqlite: --store redis://cache.example reads from the near one first, and
  keeps there what it found in the far one. Writes go to both.

  A server's password: --password-file, --password-command, LLMCACHE_PASSWORD, LLMCACHE_PASSWORD_FILE,
  the URL (which warns), REDISCLI_AUTH. TLS verifies the host name; --cacert names your own authority.
)"},
    {"config", R"(CONFIGURATION
  Strongest first: flags, LLMCACHE_* variables, the project's .llmcache.json (the nearest one upwards,
  not beyond a .git, the home directory or another owner), $XDG_CONFIG_HOME/llmcache/config.json,
  /etc/llmcache/config.json. --config FILE is read instead of these three files.

  Files are JSON objects, comments allowed:  { "ttl": "1h", "ignore": ["/metadata"] }
  A project's file may not set the store, passwords or TLS unless its directory is in your 'trusted_dirs'.

    llmcache config list --origin     every setting, its value and where it comes from
    llmcache config path              where your own file is

  Durations: 250ms 30s 5m 1h 7d, a bare number is seconds. Sizes: 64k 10M 2G.
  Booleans: 1 0 true false yes no on off.
)"},
});

class Help : public Command {
 public:
  CommandHelp help() const override {
    return {"[TOPIC | COMMAND]", R"(Explains a topic (exit-codes, keys, stores, config, options) or a command.)", "",
            R"(  llmcache help stores
  llmcache help run)"};
  }

  void declare(Options& options) override { options.positional("TOPIC", topic_, "a topic or a command"); }

  bool uses_config_files() const override { return false; }

  Exit run(Context& context) override {
    const auto topic = std::ranges::find(kTopics, topic_, &Topic::name);
    if (topic_.empty()) {
      context.out().write(help_text());
    } else if (topic_ == "options") {
      context.out().write(options_text());
    } else if (topic != kTopics.end()) {
      context.out().write(topic->text);
    } else if (const CommandRow* row = find_command(topic_)) {
      context.out().write(help_text(*row));
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
