#include "cli/program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <filesystem>

#include "cli/command_line.h"
#include "config/files.h"
#include "context.h"
#include "process/standard_descriptors.h"

namespace llmcache {

namespace {

// All sources of settings, the strongest first.
std::vector<Layer> layers_of(Invocation& invocation, const Warn& warn) {
  std::vector<Layer> layers{std::move(invocation.flags), environment_layer(warn)};
  if (!invocation.command->uses_config_files()) return layers;
  std::vector<Layer> files;
  const Settings so_far = apply(resolve(layers));
  if (so_far.config) {
    auto file = read_config_file(*so_far.config, libcache::Deadline::after(so_far.deadline), warn);
    if (!file) usage_error(*so_far.config + ": no such file");
    files.push_back(std::move(*file));
  } else {
    files = config_layers(find_config_paths(), warn);
  }
  layers.insert(layers.end(), files.begin(), files.end());
  return layers;
}

// Whether a switch was given: reports depend on two of them before the settings are known.
bool is_given(int count, char** arguments, const char* flag, const char* short_flag) {
  for (int i = 1; i < count && std::strcmp(arguments[i], "--") != 0; ++i) {
    if (std::strcmp(arguments[i], flag) == 0 || std::strcmp(arguments[i], short_flag) == 0) return true;
  }
  return false;
}

// Replaces this process by a program that is installed with it: in libexec, or beside it where it was built.
[[noreturn]] void start_program(std::string_view name, char** arguments) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& path : {folder / LLMCACHE_BIN_TO_LIBEXEC / name, folder / name}) {
    ::execv(path.c_str(), arguments);
  }
  const char* hint = errno == ENOENT ? "; llmcache was built or installed without it" : "";
  throw Failure(Exit::refused, fmt::format("cannot start {}: {}{}", name, std::strerror(errno), hint));
}

int run_command(int count, char** arguments, std::string_view name, const std::function<int(Command&, Context&)>& run,
                Report& report) {
  Invocation invocation = parse_command_line(count, arguments);
  Output out;
  if (!invocation.text.empty()) {
    out.write(invocation.text);
    out.flush();
    return 0;
  }
  if (invocation.command->program() != name) start_program(invocation.command->program(), arguments);
  std::vector<std::string> warnings;
  const auto warn = [&](const std::string& message) {
    report.warn(message);
    warnings.push_back(message);
  };
  std::vector<Resolved> resolved;
  Settings settings;
  std::string settings_error;
  try {
    resolved = resolve(layers_of(invocation, warn));
    settings = apply(resolved);
  } catch (const Failure& failure) {
    if (!invocation.command->reports_settings_error()) throw;
    settings_error = failure.what();
    resolved = resolve({});
    settings.json = report.json;
  }
  report.json = settings.json;
  report.quiet = settings.quiet;
  report.verbose = settings.verbose;
  report.color = is_colored(settings.color, STDERR_FILENO);
  Context context(std::move(settings), std::move(resolved), report, std::move(warnings), settings_error);
  const int exit = run(*invocation.command, context);
  context.out().flush();
  return exit;
}

}  // namespace

int run_program(int count, char** arguments, std::string_view name, const std::function<int(Command&, Context&)>& run) {
  secure_standard_descriptors();
  // A closed pipe and a file that has reached its size limit are errors of write() and do not end the program.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  Report report;
  report.color = is_colored(Color::auto_, STDERR_FILENO);
  report.json = is_given(count, arguments, "--json", "--json");
  report.quiet = is_given(count, arguments, "-q", "--quiet");
  try {
    return run_command(count, arguments, name, run, report);
  } catch (const ClosedPipe&) {
    return static_cast<int>(Exit::success);
  } catch (const Failure& failure) {
    report.error(failure.exit(), failure.what());
    return static_cast<int>(failure.exit());
  } catch (const std::exception& failure) {
    report.error(Exit::refused, failure.what());
    return static_cast<int>(Exit::refused);
  }
}

}  // namespace llmcache
