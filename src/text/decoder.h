#pragma once
#include <memory>
#include <string>
#include <vector>

#include "text/json_tree.h"

namespace tpscale {

/// How tokens become text again: the "decoder" of tokenizer.json.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Changes the texts of tokens, which are joined in the end. `raw`: bytes stay as they are where they make
  /// no character.
  virtual void apply(std::vector<std::string>& tokens, bool raw) const = 0;
};

/// nullptr makes one that joins with blanks. Throws BadDataError.
std::unique_ptr<Decoder> make_decoder(const JsonTree* component, const std::string& name);

}  // namespace tpscale
