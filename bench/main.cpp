#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "backend/plugins.h"
#include "bench/cli/command_line.h"
#include "bench/commands/commands.h"
#include "bench/preflight/start.h"
#include "bench/print/message.h"
#include "core/error.h"
#include "parallel/registry.h"
#include "parallel/world.h"

namespace tpscale {
namespace {

ExitCode said_by_rank_zero(const World& world, const Error& error) {
  if (world.rank() == 0) say(error.what());
  return error.code();
}

/// Every rank throws these at the same place, so each may leave by itself. Other exceptions may be one rank's
/// own.
ExitCode run_program(World& world, const std::vector<std::string>& arguments) {
  try {
    enforce(world, check_start(world, arguments));
    const auto commands = make_commands();
    CommandLine line;
    together(world, [&] { line = parse_command_line(arguments, commands); });
    if (line.command == nullptr) {
      if (world.rank() == 0) std::fputs(line.text.c_str(), stdout);
      return ExitCode::kDone;
    }
    return line.command->run(world, line.table, arguments);
  } catch (const CollectiveError& error) {
    return said_by_rank_zero(world, error);
  } catch (const InterruptedError& error) {
    return said_by_rank_zero(world, error);
  } catch (const OutOfMemoryError& error) {
    return said_by_rank_zero(world, error);
  }
}

/// What the build has in libraries of their own registers itself; what this machine cannot open leaves a
/// reason.
void open_parts() {
  for (const Plugin& plugin : open_plugins()) {
    if (plugin.problem.empty()) continue;
    for (const std::string& name : plugin.communicators)
      communicator_registry().note_absent(name, plugin.problem);
  }
}

/// Says what this rank alone may know, and leaves nobody waiting.
ExitCode leave(World& world, ExitCode code, const std::string& sentence) {
  say((world.size() > 1 ? "rank " + std::to_string(world.rank()) + ": " : "") + sentence);
  if (world.size() > 1) world.abort(static_cast<int>(code));
  return code;
}

ExitCode run(int argc, char** argv) {
  const std::unique_ptr<World> world = make_world();
  try {
    open_parts();
    return run_program(*world, std::vector<std::string>(argv + 1, argv + argc));
  } catch (const Error& error) {
    return leave(*world, error.code(), error.what());
  } catch (const std::exception& error) {
    return leave(*world, ExitCode::kFailure, error.what());
  }
}

/// What printf left in its buffer is an error of the program where it cannot be written, not of nobody.
ExitCode with_output_written(ExitCode code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  say("standard output cannot be written");
  return code == ExitCode::kDone ? ExitCode::kInputOutput : code;
}

}  // namespace
}  // namespace tpscale

int main(int argc, char** argv) {
  using tpscale::ExitCode;
  try {
    return static_cast<int>(tpscale::with_output_written(tpscale::run(argc, argv)));
  } catch (const tpscale::Error& error) {  // no world
    tpscale::say(error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    tpscale::say(error.what());
    return static_cast<int>(ExitCode::kFailure);
  }
}
