#pragma once
#include <string>

#include "model/config.h"

namespace tpscale {

/// Where the embedded model lies: $TPSCALE_MODELS/embedded, else beside the program's source tree (seen from
/// the executable or from where it was built). The first that has a config.json; else the last one tried.
std::string embedded_model_folder();

/// True where a token's id is its byte: a vocabulary of 256 and a tokenizer.json without merges.
bool is_byte_level(const std::string& model, const ModelConfig& config);

/// Throws UsageError where the model is not byte-level: text needs a tokenizer.
void require_byte_level(const std::string& model, const ModelConfig& config);

}  // namespace tpscale
