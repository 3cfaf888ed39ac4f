#include "text/pattern.h"

#include <algorithm>

#include "core/error.h"
#include "core/printable.h"
#include "text/utf8.h"

namespace tpscale {
namespace {

constexpr std::size_t kLongestText = std::size_t{2} << 30;

std::variant<std::string, Regex> read_pattern(const JsonTree& pattern, std::string_view name) {
  if (const JsonTree* regex = pattern.find("Regex")) return Regex(regex->text(join_names(name, "Regex")));
  return pattern.at("String", name).text(join_names(name, "String"));
}

}  // namespace

TextPattern::TextPattern(const JsonTree& pattern, std::string_view name)
    : pattern_(read_pattern(pattern, name)) {
  const auto* string = std::get_if<std::string>(&pattern_);
  if (string != nullptr && string->empty()) throw BadDataError(std::string(name) + " must not be empty");
}

void TextPattern::for_each(std::string_view text, const std::function<void(TextSpan)>& visit) {
  if (const auto* string = std::get_if<std::string>(&pattern_)) {
    for (std::size_t at = text.find(*string); at != std::string_view::npos;
         at = text.find(*string, at + string->size())) {
      visit({at, at + string->size()});
    }
    return;
  }
  auto& regex = std::get<Regex>(pattern_);
  for (std::size_t from = 0; from <= text.size();) {
    const std::optional<TextSpan> found = regex.find(text, from);
    if (!found) return;
    if (found->begin >= from) visit(*found);
    from = std::max(from, found->end);
    if (found->begin == found->end) from += from < text.size() ? utf8_character(text, from).bytes : 1;
  }
}

std::string TextPattern::replaced(std::string_view text, const std::string& by) {
  std::string result;
  std::size_t copied = 0;
  for_each(text, [&](TextSpan found) {
    result += text.substr(copied, found.begin - copied);
    result += by;
    copied = found.end;
    if (result.size() > kLongestText) throw BadDataError("replacing makes the text longer than 2 GiB");
  });
  return result += text.substr(copied);
}

SplitBehavior split_behavior(const JsonTree& value, std::string_view name) {
  const std::string& word = value.text(name);
  if (word == "Removed") return SplitBehavior::kRemoved;
  if (word == "Isolated") return SplitBehavior::kIsolated;
  if (word == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (word == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (word == "Contiguous") return SplitBehavior::kContiguous;
  throw BadDataError(std::string(name) + " is '" + printable(word) +
                     "'; known are Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous");
}

std::vector<TextSpan> spans_of(const std::vector<CutPart>& parts, SplitBehavior behavior) {
  std::vector<TextSpan> spans;
  spans.reserve(parts.size());
  bool previous = false;
  const auto add = [&](const CutPart& part, bool joins) {
    if (joins && !spans.empty()) {
      spans.back().begin = std::min(spans.back().begin, part.span.begin);
      spans.back().end = std::max(spans.back().end, part.span.end);
    } else {
      spans.push_back(part.span);
    }
    previous = part.match;
  };
  switch (behavior) {
    case SplitBehavior::kRemoved:
      for (const CutPart& part : parts) {
        if (!part.match) spans.push_back(part.span);
      }
      break;
    case SplitBehavior::kIsolated:
      for (const CutPart& part : parts) spans.push_back(part.span);
      break;
    case SplitBehavior::kContiguous:
      for (const CutPart& part : parts) add(part, part.match == previous);
      break;
    case SplitBehavior::kMergedWithPrevious:
      for (const CutPart& part : parts) add(part, part.match && !previous);
      break;
    case SplitBehavior::kMergedWithNext:
      for (auto part = parts.rbegin(); part != parts.rend(); ++part) add(*part, part->match && !previous);
      std::ranges::reverse(spans);
      break;
  }
  std::erase_if(spans, [](const TextSpan& span) { return span.begin == span.end; });
  return spans;
}

}  // namespace tpscale
