#pragma once
#include <memory>
#include <string>

#include "text/tokenizer.h"

namespace tpscale {

/// The tokenizer.json of a folder, or the file itself. Throws MissingInputError, BadDataError,
/// InputOutputError.
Tokenizer open_tokenizer(const std::string& folder_or_file);

/// The tokenizer of a model as `--model` names it; nullptr where it is a preset, or its folder has no
/// tokenizer.json. Throws as open_tokenizer does.
std::unique_ptr<Tokenizer> find_tokenizer(const std::string& model);
/// The same, but throws UsageError where there is none: text cannot be read then.
std::unique_ptr<Tokenizer> require_tokenizer(const std::string& model);

}  // namespace tpscale
