#include "bench/commands/commands.h"

namespace tpscale {

std::vector<std::unique_ptr<Command>> make_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_list_command());
  commands.push_back(make_info_command());
  commands.push_back(make_check_command());
  commands.push_back(make_run_command());
  commands.push_back(make_generate_command());
  commands.push_back(make_evaluate_command());
  commands.push_back(make_workload_command());
  commands.push_back(make_tokenize_command());
  return commands;
}

}  // namespace tpscale
