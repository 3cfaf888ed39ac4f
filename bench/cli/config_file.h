#pragma once
#include <iosfwd>
#include <string>
#include <string_view>

#include "bench/cli/option_table.h"

namespace tpscale {

/// Sets from a TOML file every option that the command line left open. Keys stand at the top or in a table
/// named like the command; tables of other commands are passed over. Throws MissingInputError,
/// BadDataError where it is no regular file, InputOutputError, UsageError for an unknown key or a value of
/// the wrong type.
void apply_config_file(const std::string& path, std::string_view command, OptionTable& table);
/// The same from a file's content; `path` is for sentences.
void apply_config(std::istream& content, const std::string& path, std::string_view command,
                  OptionTable& table);

}  // namespace tpscale
