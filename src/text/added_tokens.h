#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/json_tree.h"
#include "text/normalizer.h"
#include "text/regex.h"
#include "text/vocabulary.h"

namespace tpscale {

/// One entry of "added_tokens": text that becomes a token whatever the model makes of it.
struct AddedToken {
  std::int32_t id = 0;
  std::string content;
  bool single_word = false;  ///< not inside a word
  bool lstrip = false;       ///< takes the blanks before it
  bool rstrip = false;       ///< and those behind it
  bool normalized = false;   ///< looked for in the normalised text
};

/// The list of tokenizer.json. Throws BadDataError (an id or a content twice, an id that the vocabulary
/// gives to something else).
std::vector<AddedToken> read_added_tokens(const JsonTree* list, const Vocabulary& vocabulary);

/// Finds added tokens in a text: leftmost first, and of those the longest.
class AddedTokenFinder {
 public:
  struct Part {
    TextSpan span;
    std::int32_t id = -1;  ///< -1: text between tokens
  };

  /// Looks for the tokens' contents, or what `normalizer` makes of them where it is given.
  AddedTokenFinder(const std::vector<AddedToken>& tokens, const Normalizer* normalizer);

  /// Cuts `text` (valid UTF-8); no part of text is empty.
  std::vector<Part> cut(std::string_view text) const;

 private:
  /// The token that begins at `at`, and its length; -1 where there is none.
  std::int32_t longest_at(std::string_view text, std::size_t at, std::size_t& length) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::uint64_t, std::uint32_t> children_;  ///< of a trie: node * 256 + byte -> node
  std::vector<std::int32_t> ends_;                             ///< node -> index in tokens_, or -1
  std::array<bool, 256> begins_{};                             ///< bytes that a token begins with
};

}  // namespace tpscale
