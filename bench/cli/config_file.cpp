#include "bench/cli/config_file.h"

#include <CLI/CLI.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "bench/store/durable_file.h"
#include "core/error.h"
#include "core/printable.h"

namespace tpscale {
namespace {

std::vector<CLI::ConfigItem> read_items(std::istream& content, const std::string& path) {
  try {
    return CLI::ConfigTOML().from_config(content);
  } catch (const CLI::Error& error) {
    throw UsageError("configuration file '" + path + "': " + printable(error.what()));
  }
}

std::string joined(const std::vector<std::string>& inputs) {
  std::string text;
  for (const std::string& input : inputs) text += (text.empty() ? "" : ",") + input;
  return text;
}

}  // namespace

void apply_config_file(const std::string& path, std::string_view command, OptionTable& table) {
  const std::optional<Bytes> bytes = read_whole(path);
  if (!bytes) throw MissingInputError("there is no configuration file '" + path + "'");
  std::istringstream content(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()));
  apply_config(content, path, command, table);
}

void apply_config(std::istream& content, const std::string& path, std::string_view command,
                  OptionTable& table) {
  for (const CLI::ConfigItem& item : read_items(content, path)) {
    if (item.name == "++" || item.name == "--")
      continue;  // CLI11's marks for the begin and end of a TOML table
    if (!item.parents.empty() && item.parents.front() != command) continue;
    OptionRow* row = item.parents.size() > 1 ? nullptr : table.find(item.name);
    if (row == nullptr) {
      throw UsageError("configuration file '" + path + "' has the key '" + printable(item.fullname()) +
                       "', which tpscale " + std::string(command) + " does not know");
    }
    if (row->given) continue;
    try {
      assign(*row, joined(item.inputs));
    } catch (const UsageError& error) {
      throw UsageError("configuration file '" + path + "': " + error.what());
    }
  }
}

}  // namespace tpscale
