#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "bench/cli/command_line.h"
#include "bench/commands/commands.h"
#include "bench/print/message.h"
#include "core/error.h"
#include "parallel/world.h"

namespace tpscale {
namespace {

/// Errors of core/error.h are the same on every rank (what only one rank finds has been shared or has ended
/// the launch before it gets here), so rank 0 speaks for all.
ExitCode run_program(World& world, const std::vector<std::string>& arguments) {
  try {
    const auto commands = make_commands();
    CommandLine line = parse_command_line(arguments, commands);
    if (line.command == nullptr) {
      if (world.rank() == 0) std::fputs(line.text.c_str(), stdout);
      return ExitCode::kDone;
    }
    return line.command->run(world, line.table, arguments);
  } catch (const Error& error) {
    if (world.rank() == 0) say(error.what());
    return error.code();
  }
}

int run(int argc, char** argv) {
  const std::unique_ptr<World> world = make_world();
  try {
    return static_cast<int>(run_program(*world, std::vector<std::string>(argv + 1, argv + argc)));
  } catch (
      const std::exception& error) {  // a bug of ours, on this rank alone perhaps: nobody may be left waiting
    say("rank " + std::to_string(world->rank()) + ": " + error.what());
    if (world->size() > 1) world->abort(static_cast<int>(ExitCode::kFailure));
    return static_cast<int>(ExitCode::kFailure);
  }
}

}  // namespace
}  // namespace tpscale

int main(int argc, char** argv) {
  try {
    return tpscale::run(argc, argv);
  } catch (const std::exception& error) {  // no world
    tpscale::say(error.what());
    return static_cast<int>(tpscale::ExitCode::kFailure);
  }
}
