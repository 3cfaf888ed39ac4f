#include "bench/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "bench/cli/config_file.h"

namespace tpscale {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  tpscale list\n"
    "  tpscale generate --text-prompt 'def main(' --max-new-tokens 64\n"
    "  tpscale run strong-scaling --model tiny\n"
    "  mpirun -n 4 tpscale run strong-scaling weak-scaling --tp 1,2,4 -o out\n"
    "\n"
    "`tpscale COMMAND --help` tells the options of a command.\n"
    "Results: -o DIR, else results/{experiment}_{model}_{timestamp}/ (points/*.h5, results.h5); "
    "tpscale-report reads them.\n"
    "Exit codes: 0 done, 1 failure, 2 usage, 3 a verdict failed, 65 bad data, 66 input missing, 69 not "
    "available here,\n"
    "  74 input/output, 75 interrupted (run again with --resume), 124 a rank waited too long for the others.";

std::string flags_of(const OptionRow& row) {
  if (row.positional) return row.name;
  std::string flags = row.short_flag.empty() ? "" : row.short_flag + ",";
  flags += "--" + row.name;
  if (std::holds_alternative<bool*>(row.target)) flags += ",!--no-" + row.name;
  return flags;
}

void add_option(CLI::App& app, OptionRow& row) {
  CLI::Option* option = nullptr;
  if (std::holds_alternative<bool*>(row.target)) {
    option = app.add_flag_function(
        flags_of(row), [&row](std::int64_t count) { assign(row, count > 0 ? "true" : "false"); }, row.help);
    if (*std::get<bool*>(row.target)) option->description(row.help + " [on]");
  } else if (row.positional) {
    option = app.add_option_function<std::vector<std::string>>(
        row.name,
        [&row](const std::vector<std::string>& names) {
          std::string text;
          for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
          assign(row, text);
        },
        row.help);
  } else {
    option = app.add_option_function<std::string>(
        flags_of(row), [&row](const std::string& text) { assign(row, text); }, row.help);
    option->type_name(std::holds_alternative<std::string*>(row.target) ? "TEXT" : "N");
    if (!std::holds_alternative<std::string*>(row.target) && !std::holds_alternative<double*>(row.target)) {
      const bool list = std::holds_alternative<std::vector<std::int64_t>*>(row.target) ||
                        std::holds_alternative<std::vector<std::string>*>(row.target);
      option->type_name(list ? "LIST" : "INT");
    }
    const std::string now = current_text(row);
    if (!now.empty()) option->default_str(now);
  }
  option->group(row.hidden ? "" : row.group);
}

std::string sentence_of(const CLI::ParseError& error) {
  std::string text = error.what();
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text + " (tpscale --help tells what there is)";
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments,
                               const std::vector<std::unique_ptr<Command>>& commands) {
  CLI::App app(
      "tpscale - how a tensor-parallel transformer scales over devices, where the time goes, and why",
      "tpscale");
  app.require_subcommand(1);
  app.footer(kFooter);
  app.set_version_flag("--version", "tpscale " TPSCALE_VERSION);

  std::map<CLI::App*, std::size_t> index;
  std::vector<OptionTable> tables(commands.size());
  std::vector<std::string> configs(commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    CLI::App* sub =
        app.add_subcommand(std::string(commands[i]->name()), std::string(commands[i]->description()));
    index[sub] = i;
    sub->footer(std::string(commands[i]->footer()));
    commands[i]->declare(tables[i]);
    for (OptionRow& row : tables[i].rows()) add_option(*sub, row);
    sub->add_option("--config", configs[i], "TOML file of options: keys as the flags, the command line wins")
        ->type_name("FILE")
        ->group("Help");
  }

  CommandLine line;
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // what CLI11 asks for
    app.parse(std::move(reversed));
  } catch (const CLI::CallForVersion& version) {
    line.text = std::string(version.what()) + "\n";
    return line;
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    line.text = chosen.empty() ? app.help() : chosen.front()->help();
    return line;
  } catch (const CLI::ParseError& error) {
    throw UsageError(sentence_of(error));
  }
  const std::size_t chosen = index.at(app.get_subcommands().front());
  line.command = commands[chosen].get();
  if (!configs[chosen].empty()) apply_config_file(configs[chosen], line.command->name(), tables[chosen]);
  line.table = std::move(tables[chosen]);
  return line;
}

}  // namespace tpscale
