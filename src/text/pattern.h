#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/json_tree.h"
#include "text/regex.h"

namespace tpscale {

/// {"String": " "} or {"Regex": "\\s+"}: what components of tokenizer.json look for.
class TextPattern {
 public:
  /// `name` is that of the pattern's value. Throws BadDataError.
  TextPattern(const JsonTree& pattern, std::string_view name);

  /// Every match from left to right, none within another. An empty match counts where it stands.
  void for_each(std::string_view text, const std::function<void(TextSpan)>& visit);
  std::string replaced(std::string_view text, const std::string& by);

 private:
  std::variant<std::string, Regex> pattern_;
};

/// What becomes of a match when a text is split at matches.
enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

/// "Removed", "Isolated", ... Throws BadDataError.
SplitBehavior split_behavior(const JsonTree& value, std::string_view name);

/// A part of a text that is cut at matches: parts cover the text, `match` tells of which kind they are.
struct CutPart {
  TextSpan span;
  bool match = false;
};

/// The spans that remain of `parts`; empty ones are left out.
std::vector<TextSpan> spans_of(const std::vector<CutPart>& parts, SplitBehavior behavior);

}  // namespace tpscale
