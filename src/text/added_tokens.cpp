#include "text/added_tokens.h"

#include <algorithm>
#include <unordered_set>

#include "core/error.h"
#include "core/printable.h"
#include "text/character_class.h"
#include "text/utf8.h"

namespace tpscale {
namespace {

constexpr std::size_t kLongestContent = 1000;
constexpr std::string_view kName = "added_tokens";

/// The character that ends at `end`, which is above 0.
Utf8Character character_before(std::string_view text, std::size_t end) {
  std::size_t begin = end - 1;
  while ((static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) --begin;
  return utf8_character(text, begin);
}

bool inside_word(std::string_view text, TextSpan span) {
  return (span.begin > 0 && is_word(character_before(text, span.begin).value)) ||
         (span.end < text.size() && is_word(utf8_character(text, span.end).value));
}

}  // namespace

std::vector<AddedToken> read_added_tokens(const JsonTree* list, const Vocabulary& vocabulary) {
  std::vector<AddedToken> tokens;
  if (list == nullptr) return tokens;
  std::unordered_set<std::int32_t> ids;
  std::unordered_set<std::string> contents;
  for (const JsonTree& entry : list->array(kName)) {
    AddedToken token;
    token.id = static_cast<std::int32_t>(
        entry.at("id", kName).integer("an id of added_tokens", Vocabulary::kLargestId));
    token.content = entry.at("content", kName).text("content of added_tokens");
    token.single_word = entry.boolean_or("single_word", false, kName);
    token.lstrip = entry.boolean_or("lstrip", false, kName);
    token.rstrip = entry.boolean_or("rstrip", false, kName);
    token.normalized = entry.boolean_or("normalized", !entry.boolean_or("special", false, kName), kName);
    const std::string shown = "the added token '" + printable(token.content) + "'";
    if (token.content.empty() || token.content.size() > kLongestContent) {
      throw BadDataError(shown + " must have 1 to " + std::to_string(kLongestContent) + " bytes");
    }
    if (!ids.insert(token.id).second || !contents.insert(token.content).second) {
      throw BadDataError(shown + " or its id comes twice");
    }
    const std::string* holder = vocabulary.text(token.id);
    const std::int32_t known = vocabulary.find(token.content);
    if ((holder != nullptr && *holder != token.content) || (known >= 0 && known != token.id)) {
      throw BadDataError(shown + " and model.vocab do not agree on its id " + std::to_string(token.id));
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

AddedTokenFinder::AddedTokenFinder(const std::vector<AddedToken>& tokens, const Normalizer* normalizer)
    : tokens_(tokens), ends_{-1} {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    std::string content = tokens_[i].content;
    if (normalizer != nullptr) normalizer->apply(content);
    if (content.empty()) continue;
    begins_[static_cast<unsigned char>(content.front())] = true;
    std::uint32_t node = 0;
    for (const char byte : content) {
      const std::uint64_t step = std::uint64_t{node} * 256 + static_cast<unsigned char>(byte);
      const auto [child, is_new] = children_.try_emplace(step, static_cast<std::uint32_t>(ends_.size()));
      if (is_new) ends_.push_back(-1);
      node = child->second;
    }
    if (ends_[node] < 0) ends_[node] = static_cast<std::int32_t>(i);
  }
}

std::int32_t AddedTokenFinder::longest_at(std::string_view text, std::size_t at, std::size_t& length) const {
  if (!begins_[static_cast<unsigned char>(text[at])]) return -1;
  std::int32_t longest = -1;
  std::uint32_t node = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    const auto child = children_.find(std::uint64_t{node} * 256 + static_cast<unsigned char>(text[i]));
    if (child == children_.end()) break;
    node = child->second;
    if (ends_[node] < 0) continue;
    longest = ends_[node];
    length = i + 1 - at;
  }
  return longest;
}

std::vector<AddedTokenFinder::Part> AddedTokenFinder::cut(std::string_view text) const {
  std::vector<Part> parts;
  std::size_t covered = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    const std::int32_t index = longest_at(text, at, length);
    if (index < 0) {
      ++at;
      continue;
    }
    TextSpan span{at, at + length};
    at = span.end;
    const AddedToken& token = tokens_[static_cast<std::size_t>(index)];
    if (token.single_word && inside_word(text, span)) continue;
    while (token.lstrip && span.begin > covered) {
      const Utf8Character before = character_before(text, span.begin);
      if (!is_white_space(before.value)) break;
      span.begin -= before.bytes;
    }
    while (token.rstrip && span.end < text.size()) {
      const Utf8Character behind = utf8_character(text, span.end);
      if (!is_white_space(behind.value)) break;
      span.end += behind.bytes;
    }
    if (covered < span.begin) parts.push_back({{covered, span.begin}, -1});
    parts.push_back({span, token.id});
    covered = span.end;
    // A token that begins with a blank may still be found in what this one took.
  }
  if (covered < text.size()) parts.push_back({{covered, text.size()}, -1});
  return parts;
}

}  // namespace tpscale
