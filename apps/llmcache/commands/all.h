// Creates the commands; each is in the file with its name, here or in transfer/.
#pragma once

#include "cli/command.h"

namespace llmcache {

std::unique_ptr<Command> make_clear();
std::unique_ptr<Command> make_completion();
std::unique_ptr<Command> make_config();
std::unique_ptr<Command> make_copy();
std::unique_ptr<Command> make_diff();
std::unique_ptr<Command> make_doctor();
std::unique_ptr<Command> make_export();
std::unique_ptr<Command> make_fixtures();
std::unique_ptr<Command> make_get();
std::unique_ptr<Command> make_hash();
std::unique_ptr<Command> make_help();
std::unique_ptr<Command> make_import();
std::unique_ptr<Command> make_ls();
std::unique_ptr<Command> make_purge();
std::unique_ptr<Command> make_put();
std::unique_ptr<Command> make_replay();
std::unique_ptr<Command> make_reject();
std::unique_ptr<Command> make_run();
std::unique_ptr<Command> make_serve();
std::unique_ptr<Command> make_show();
std::unique_ptr<Command> make_stats();
std::unique_ptr<Command> make_touch();

}  // namespace llmcache
