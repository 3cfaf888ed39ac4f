#include "text/tokenizer.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "core/error.h"
#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/decoder.h"
#include "text/json_tree.h"
#include "text/normalizer.h"
#include "text/post_processor.h"
#include "text/pre_tokenizer.h"
#include "text/utf8.h"

namespace tpscale {
namespace {

/// Those that are looked for in the normalised text, or the others.
std::vector<AddedToken> selected(std::vector<AddedToken> tokens, bool normalized) {
  std::erase_if(tokens, [&](const AddedToken& token) { return token.normalized != normalized; });
  return tokens;
}

}  // namespace

struct Tokenizer::Parts {
  Parts(const JsonTree& file, const std::string& path)
      : name(path),
        bpe(file.at("model", "")),
        normalizer(make_normalizer(file.find("normalizer"), "normalizer")),
        pre_tokenizer(make_pre_tokenizer(file.find("pre_tokenizer"), "pre_tokenizer")),
        frame(read_special_frame(file.find("post_processor"), "post_processor")),
        decoder(make_decoder(file.find("decoder"), "decoder")),
        added(read_added_tokens(file.find("added_tokens"), bpe.vocabulary())),
        as_written(selected(added, false), nullptr),
        as_normalized(selected(added, true), normalizer.get()) {
    for (const AddedToken& token : added) added_texts.emplace(token.id, token.content);
    for (const auto* ids : {&frame.before, &frame.after}) {
      for (const std::int32_t id : *ids) {
        if (text_of(id) == nullptr) {
          throw BadDataError("post_processor adds the id " + std::to_string(id) + ", which is no token");
        }
      }
    }
  }

  const std::string* text_of(std::int32_t id) const {
    const auto found = added_texts.find(id);
    return found == added_texts.end() ? bpe.vocabulary().text(id) : &found->second;
  }

  /// `text` is valid UTF-8; ids are appended.
  void encode(std::string_view text, std::vector<std::int32_t>& ids) const {
    for (const AddedTokenFinder::Part& written : as_written.cut(text)) {
      if (written.id >= 0) {
        ids.push_back(written.id);
        continue;
      }
      std::string section(text.substr(written.span.begin, written.span.end - written.span.begin));
      normalizer->apply(section);
      for (const AddedTokenFinder::Part& part : as_normalized.cut(section)) {
        if (part.id >= 0) {
          ids.push_back(part.id);
          continue;
        }
        encode_section(std::string_view(section).substr(part.span.begin, part.span.end - part.span.begin),
                       written.span.begin == 0 && part.span.begin == 0, ids);
      }
    }
  }

  /// Text between added tokens: what it becomes is appended to `ids`.
  void encode_section(std::string_view text, bool at_start, std::vector<std::int32_t>& ids) const {
    PieceText pieces{std::string(text), {{0, static_cast<std::uint32_t>(text.size())}}, at_start};
    pre_tokenizer->apply(pieces);
    const std::string_view whole = pieces.text;
    for (const PieceText::Piece piece : pieces.pieces) {
      bpe.encode(whole.substr(piece.begin, piece.end - piece.begin), ids);
    }
  }

  std::string decode(std::span<const std::int32_t> ids, bool raw) const {
    std::vector<std::string> texts;
    for (const std::int32_t id : ids) {
      if (const std::string* text = text_of(id)) texts.push_back(*text);
    }
    if (texts.empty()) return {};
    decoder->apply(texts, raw);
    std::string whole;
    for (const std::string& text : texts) whole += text;
    return whole;
  }

  std::string name;
  Bpe bpe;
  std::unique_ptr<Normalizer> normalizer;
  std::unique_ptr<PreTokenizer> pre_tokenizer;
  SpecialFrame frame;
  std::unique_ptr<Decoder> decoder;
  std::vector<AddedToken> added;
  AddedTokenFinder as_written;
  AddedTokenFinder as_normalized;
  std::unordered_map<std::int32_t, std::string> added_texts;
};

Tokenizer::Tokenizer(std::string_view json, const std::string& name) {
  try {
    if (json.size() > kLargestFile) throw BadDataError("the file is too large to be a tokenizer");
    parts_ = std::make_unique<Parts>(JsonTree::parse(json), name);
  } catch (const BadDataError& error) {
    throw BadDataError(name + ": " + error.what());
  }
}

Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, bool special_tokens) const {
  if (text.size() >= std::size_t{std::numeric_limits<std::int32_t>::max()}) {
    throw UsageError("the text is too long: at most 2 GiB at once");
  }
  const Parts& parts = *parts_;
  std::string repaired;
  if (!is_valid_utf8(text)) text = repaired = repaired_utf8(text);

  std::vector<std::int32_t> ids;
  if (special_tokens) ids = parts.frame.before;
  try {
    parts.encode(text, ids);
  } catch (const BadDataError& error) {
    throw BadDataError(parts.name + ": " + error.what());
  }
  if (special_tokens) ids.insert(ids.end(), parts.frame.after.begin(), parts.frame.after.end());
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids) const {
  return repaired_utf8(parts_->decode(ids, false));
}

std::string Tokenizer::decode_bytes(std::span<const std::int32_t> ids) const {
  return parts_->decode(ids, true);
}

std::string Tokenizer::decode_after(std::span<const std::int32_t> prompt,
                                    std::span<const std::int32_t> ids) const {
  std::vector<std::int32_t> all(prompt.begin(), prompt.end());
  all.insert(all.end(), ids.begin(), ids.end());
  const std::string before = decode_bytes(prompt);
  const std::string whole = decode_bytes(all);
  const auto common = std::mismatch(before.begin(), before.end(), whole.begin(), whole.end()).second;
  auto begin = static_cast<std::size_t>(common - whole.begin());
  // Back to the beginning of a character that the prompt left unfinished.
  const std::string_view text = whole;
  std::size_t broken = 0;
  for (std::size_t back = 1; back <= std::min<std::size_t>(begin, 3); ++back) {
    const std::size_t length = valid_utf8_character(text.substr(begin - back), broken);
    if (length > back) return repaired_utf8(text.substr(begin - back));
    if (length > 0) break;
  }
  return repaired_utf8(text.substr(begin));
}

bool Tokenizer::begins_with_special() const noexcept {
  return !parts_->frame.before.empty();
}

std::int64_t Tokenizer::id_limit() const noexcept {
  std::int64_t limit = parts_->bpe.vocabulary().end();
  for (const AddedToken& token : parts_->added) limit = std::max<std::int64_t>(limit, token.id + 1);
  return limit;
}

}  // namespace tpscale
