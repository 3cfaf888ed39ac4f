#pragma once
#include <memory>
#include <vector>

#include "bench/cli/command.h"

namespace tpscale {

std::unique_ptr<Command> make_list_command();
std::unique_ptr<Command> make_info_command();
std::unique_ptr<Command> make_check_command();
std::unique_ptr<Command> make_run_command();
std::unique_ptr<Command> make_generate_command();
std::unique_ptr<Command> make_evaluate_command();
std::unique_ptr<Command> make_workload_command();
std::unique_ptr<Command> make_tokenize_command();

/// All commands, in the order of the help.
std::vector<std::unique_ptr<Command>> make_commands();

}  // namespace tpscale
