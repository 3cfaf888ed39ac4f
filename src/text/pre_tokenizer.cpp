#include "text/pre_tokenizer.h"

#include <functional>
#include <limits>
#include <string_view>

#include "core/error.h"
#include "text/byte_level.h"
#include "text/character_class.h"
#include "text/pattern.h"
#include "text/utf8.h"

namespace tpscale {
namespace {

using Parts = std::vector<CutPart>;

std::string_view piece_of(const PieceText& text, PieceText::Piece piece) {
  return std::string_view(text.text).substr(piece.begin, piece.end - piece.begin);
}

/// Cuts every piece again. `find` gets a piece and appends its matches from left to right.
void split(PieceText& text, SplitBehavior behavior, bool invert,
           const std::function<void(std::string_view, const std::function<void(TextSpan)>&)>& find) {
  std::vector<PieceText::Piece> pieces;
  Parts parts;
  for (std::size_t i = 0; i < text.pieces.size(); ++i) {
    const PieceText::Piece piece = text.pieces[i];
    const std::string_view whole = piece_of(text, piece);
    parts.clear();
    std::size_t covered = 0;
    const auto rest = [&](std::size_t end) {
      if (covered != end) parts.push_back({{covered, end}, invert});
    };
    find(whole, [&](TextSpan match) {
      rest(match.begin);
      parts.push_back({match, !invert});
      covered = match.end;
    });
    rest(whole.size());
    const std::vector<TextSpan> spans = spans_of(parts, behavior);
    if (i == 0) text.at_start = text.at_start && !spans.empty() && spans.front().begin == 0;
    for (const TextSpan& span : spans) {
      pieces.push_back({piece.begin + static_cast<std::uint32_t>(span.begin),
                        piece.begin + static_cast<std::uint32_t>(span.end)});
    }
  }
  text.pieces = std::move(pieces);
}

/// Writes every piece anew: `write` appends what a piece becomes.
void rewrite(PieceText& text,
             const std::function<void(std::string& result, std::string_view piece, bool first)>& write) {
  std::string result;
  result.reserve(text.text.size() + text.text.size() / 4);
  for (std::size_t i = 0; i < text.pieces.size(); ++i) {
    const auto begin = static_cast<std::uint32_t>(result.size());
    write(result, piece_of(text, text.pieces[i]), i == 0);
    if (result.size() > std::numeric_limits<std::uint32_t>::max()) {
      throw BadDataError("the text is too long: its pieces take more than 4 GiB");
    }
    text.pieces[i] = {begin, static_cast<std::uint32_t>(result.size())};
  }
  text.text = std::move(result);
}

/// Matches are the characters of a class, each for itself.
auto characters_of(bool (*is_member)(char32_t) noexcept) {
  return [is_member](std::string_view text, const std::function<void(TextSpan)>& visit) {
    for (std::size_t at = 0; at < text.size();) {
      const Utf8Character character = utf8_character(text, at);
      if (is_member(character.value)) visit({at, at + character.bytes});
      at += character.bytes;
    }
  };
}

class Sequence final : public PreTokenizer {
 public:
  std::vector<std::unique_ptr<PreTokenizer>> parts;
  void apply(PieceText& text) const override {
    for (const auto& part : parts) part->apply(text);
  }
};

class Split final : public PreTokenizer {
 public:
  Split(const JsonTree& component, const std::string& name)
      : pattern_(component.at("pattern", name), name + ".pattern"),
        behavior_(split_behavior(component.at("behavior", name), name + ".behavior")),
        invert_(component.boolean_or("invert", false, name)) {}
  void apply(PieceText& text) const override {
    split(text, behavior_, invert_,
          [this](std::string_view piece, const auto& visit) { pattern_.for_each(piece, visit); });
  }

 private:
  mutable TextPattern pattern_;  // its scratch memory
  SplitBehavior behavior_;
  bool invert_;
};

class ByteLevel final : public PreTokenizer {
 public:
  ByteLevel(const JsonTree& component, const std::string& name)
      : prefix_(component.boolean_or("add_prefix_space", true, name)),
        words_(component.boolean_or("use_regex", true, name)),
        // GPT-2's words, as its authors published them
        regex_(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)") {}
  void apply(PieceText& text) const override {
    if (prefix_) {
      rewrite(text, [](std::string& result, std::string_view piece, bool) {
        if (!piece.starts_with(' ')) result += ' ';
        result += piece;
      });
    }
    if (words_) {
      split(text, SplitBehavior::kIsolated, false, [this](std::string_view piece, const auto& visit) {
        for (std::size_t at = 0; at < piece.size();) {
          const auto match = regex_.find(piece, at);
          if (!match) return;
          visit(*match);
          at = match->end;
        }
      });
    }
    rewrite(text,
            [](std::string& result, std::string_view piece, bool) { append_characters(result, piece); });
  }

 private:
  bool prefix_;
  bool words_;
  mutable Regex regex_;  // its scratch memory
};

class Metaspace final : public PreTokenizer {
 public:
  Metaspace(const JsonTree& component, const std::string& name)
      : blank_(component.at("replacement", name).text(name + ".replacement")),
        cut_(component.boolean_or("split", true, name)) {
    if (blank_.empty() || blank_.size() > 4) throw BadDataError(name + ".replacement must be one character");
    const JsonTree* given = component.find("prepend_scheme");
    const bool older =
        component.boolean_or("add_prefix_space", true, name);  // what files had before the scheme
    scheme_ = given != nullptr ? given->text(name + ".prepend_scheme") : older ? "always" : "never";
    if (scheme_ != "always" && scheme_ != "first" && scheme_ != "never") {
      throw BadDataError(name + ".prepend_scheme must be always, first or never");
    }
  }
  void apply(PieceText& text) const override {
    const bool at_start = text.at_start;
    rewrite(text, [&](std::string& result, std::string_view piece, bool first) {
      const bool blank = piece.starts_with(' ') || piece.starts_with(blank_);
      if (!blank && (scheme_ == "always" || (scheme_ == "first" && first && at_start))) result += blank_;
      for (const char c : piece) c == ' ' ? result += blank_ : result += c;
    });
    if (!cut_) return;
    split(text, SplitBehavior::kMergedWithNext, false, [this](std::string_view piece, const auto& visit) {
      for (std::size_t at = piece.find(blank_); at != std::string_view::npos;
           at = piece.find(blank_, at + blank_.size())) {
        visit({at, at + blank_.size()});
      }
    });
  }

 private:
  std::string blank_;
  std::string scheme_;
  bool cut_;
};

class Characters final : public PreTokenizer {
 public:
  Characters(bool (*is_member)(char32_t) noexcept, SplitBehavior behavior)
      : is_member_(is_member), behavior_(behavior) {}
  void apply(PieceText& text) const override { split(text, behavior_, false, characters_of(is_member_)); }

 private:
  bool (*is_member_)(char32_t) noexcept;
  SplitBehavior behavior_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_pre_tokenizer(const JsonTree* component, const std::string& name) {
  if (component == nullptr) return std::make_unique<Sequence>();
  const std::string type = component_type(
      *component, name,
      {"ByteLevel", "Digits", "Metaspace", "Punctuation", "Sequence", "Split", "WhitespaceSplit"});
  if (type == "ByteLevel") return std::make_unique<ByteLevel>(*component, name);
  if (type == "Metaspace") return std::make_unique<Metaspace>(*component, name);
  if (type == "Split") return std::make_unique<Split>(*component, name);
  if (type == "WhitespaceSplit") {
    return std::make_unique<Characters>(is_white_space, SplitBehavior::kRemoved);
  }
  if (type == "Digits") {
    const bool each = component->boolean_or("individual_digits", false, name);
    return std::make_unique<Characters>(is_numeric,
                                        each ? SplitBehavior::kIsolated : SplitBehavior::kContiguous);
  }
  if (type == "Punctuation") {
    const JsonTree* behavior = component->find("behavior");
    return std::make_unique<Characters>(is_punctuation, behavior == nullptr
                                                            ? SplitBehavior::kIsolated
                                                            : split_behavior(*behavior, name + ".behavior"));
  }
  auto sequence = std::make_unique<Sequence>();
  for (const JsonTree& part : component->at("pretokenizers", name).array(name + ".pretokenizers")) {
    sequence->parts.push_back(make_pre_tokenizer(&part, name + ".pretokenizers"));
  }
  return sequence;
}

}  // namespace tpscale
