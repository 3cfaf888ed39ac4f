#pragma once
#include <memory>
#include <string>
#include <vector>

#include "bench/cli/command.h"
#include "bench/cli/option_table.h"

namespace tpscale {

/// What the user asked for: a command with its options set, or a text to print (help, version).
struct CommandLine {
  Command* command = nullptr;
  OptionTable table;
  std::string text;
};

/// Parses `arguments` (without the program's name). Values of a `--config` file fill what the command line
/// left open. Throws UsageError.
CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const std::vector<std::unique_ptr<Command>>& commands);

}  // namespace tpscale
