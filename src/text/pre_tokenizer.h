#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "text/json_tree.h"

namespace tpscale {

/// A text and the pieces it is cut into, in order; none is empty, and what lies in no piece is left out.
struct PieceText {
  struct Piece {
    std::uint32_t begin = 0;  ///< bytes of `text`
    std::uint32_t end = 0;
  };
  std::string text;  ///< valid UTF-8, under 4 GiB
  std::vector<Piece> pieces;
  bool at_start = false;  ///< the first piece begins where the user's text begins
};

/// How a text is cut before the model sees it: the "pre_tokenizer" of tokenizer.json.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  /// Throws BadDataError where a regular expression runs into its limits or the text grows beyond 4 GiB.
  virtual void apply(PieceText& text) const = 0;
};

/// nullptr makes one that does nothing. Throws BadDataError.
std::unique_ptr<PreTokenizer> make_pre_tokenizer(const JsonTree* component, const std::string& name);

}  // namespace tpscale
