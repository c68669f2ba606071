#include "cli/program.h"
#include "commands/serve.h"
#include "options.h"
#include "server/run.h"

int main(int count, char** arguments) {
  using namespace llmcache;
  return run_program(count, arguments, kServerProgram, [](Command& command, Context& context) {
    context.reports_outages_itself();
    return serve::run_server(serve::parse_options(dynamic_cast<Serve&>(command).arguments(), context.settings()),
                             context);
  });
}
