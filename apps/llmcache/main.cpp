#include "cli/program.h"

int main(int count, char** arguments) {
  return llmcache::run_program(count, arguments, llmcache::kMainProgram, [](llmcache::Command& command, auto& context) {
    return static_cast<int>(command.run(context));
  });
}
