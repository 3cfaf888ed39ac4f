#include "text/decoder.h"

#include <charconv>
#include <numeric>
#include <optional>

#include "core/error.h"
#include "text/byte_level.h"
#include "text/pattern.h"
#include "text/utf8.h"

namespace tpscale {
namespace {

using Tokens = std::vector<std::string>;

void join(Tokens& tokens) {
  tokens = {
      std::accumulate(tokens.begin(), tokens.end(), std::string(),
                      [](std::string&& text, const std::string& token) { return std::move(text += token); })};
}

class Sequence final : public Decoder {
 public:
  std::vector<std::unique_ptr<Decoder>> parts;
  void apply(Tokens& tokens, bool raw) const override {
    for (const auto& part : parts) part->apply(tokens, raw);
  }
};

class Blanks final : public Decoder {
 public:
  void apply(Tokens& tokens, bool) const override {
    for (std::size_t i = 1; i < tokens.size(); ++i) tokens[i].insert(0, " ");
  }
};

class Fuse final : public Decoder {
 public:
  void apply(Tokens& tokens, bool) const override { join(tokens); }
};

class ByteLevel final : public Decoder {
 public:
  void apply(Tokens& tokens, bool raw) const override {
    for (std::string& token : tokens) {
      if (const std::optional<std::string> bytes = characters_as_bytes(token)) token = *bytes;
    }
    join(tokens);
    if (!raw) tokens.front() = repaired_utf8(tokens.front());
  }
};

/// "<0xE2>", "<0x96>", "<0x81>" become one character together.
class ByteFallback final : public Decoder {
 public:
  void apply(Tokens& tokens, bool raw) const override {
    Tokens result;
    std::string bytes;
    const auto finish = [&] {
      if (raw || is_valid_utf8(bytes)) {
        result.push_back(bytes);
      } else {
        result.insert(result.end(), bytes.size(), "\xEF\xBF\xBD");
      }
      bytes.clear();
    };
    for (const std::string& token : tokens) {
      if (const std::optional<char> byte = byte_of(token)) {
        bytes.push_back(*byte);
        continue;
      }
      if (!bytes.empty()) finish();
      result.push_back(token);
    }
    if (!bytes.empty()) finish();
    tokens = std::move(result);
  }

 private:
  static std::optional<char> byte_of(const std::string& token) {
    unsigned value = 0;
    if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
    const char* const end = token.data() + 5;
    const auto [at, error] = std::from_chars(token.data() + 3, end, value, 16);
    if (error != std::errc{} || at != end) return std::nullopt;
    return static_cast<char>(value);
  }
};

class Replace final : public Decoder {
 public:
  Replace(const JsonTree& component, const std::string& name)
      : pattern_(component.at("pattern", name), name + ".pattern"),
        content_(component.at("content", name).text(name + ".content")) {}
  void apply(Tokens& tokens, bool) const override {
    for (std::string& token : tokens) token = pattern_.replaced(repaired_utf8(token), content_);
  }

 private:
  mutable TextPattern pattern_;  // its scratch memory
  std::string content_;
};

class Strip final : public Decoder {
 public:
  Strip(const JsonTree& component, const std::string& name)
      : content_(component.at("content", name).text(name + ".content")),
        start_(component.at("start", name).integer(name + ".start", kMost)),
        stop_(component.at("stop", name).integer(name + ".stop", kMost)) {
    if (content_.empty()) throw BadDataError(name + ".content must be one character");
  }
  void apply(Tokens& tokens, bool) const override {
    for (std::string& token : tokens) {
      for (std::uint64_t i = 0; i < start_ && token.starts_with(content_); ++i)
        token.erase(0, content_.size());
      for (std::uint64_t i = 0; i < stop_ && token.ends_with(content_); ++i) {
        token.erase(token.size() - content_.size());
      }
    }
  }

 private:
  static constexpr std::uint64_t kMost = 1000;
  std::string content_;
  std::uint64_t start_, stop_;
};

class Metaspace final : public Decoder {
 public:
  Metaspace(const JsonTree& component, const std::string& name)
      : blank_(component.at("replacement", name).text(name + ".replacement")),
        keeps_first_(!component.boolean_or("add_prefix_space", true, name)) {
    if (blank_.empty()) throw BadDataError(name + ".replacement must be one character");
    if (const JsonTree* scheme = component.find("prepend_scheme")) {
      keeps_first_ = scheme->text(name + ".prepend_scheme") == "never";
    }
  }
  void apply(Tokens& tokens, bool) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      std::string text;
      std::size_t copied = 0;
      for (std::size_t at = tokens[i].find(blank_); at != std::string::npos;
           at = tokens[i].find(blank_, copied)) {
        text.append(tokens[i], copied, at - copied);
        if (i > 0 || keeps_first_) text += ' ';
        copied = at + blank_.size();
      }
      tokens[i] = text.append(tokens[i], copied);
    }
  }

 private:
  std::string blank_;
  bool keeps_first_;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder(const JsonTree* component, const std::string& name) {
  if (component == nullptr) return std::make_unique<Blanks>();
  const std::string type = component_type(
      *component, name, {"ByteFallback", "ByteLevel", "Fuse", "Metaspace", "Replace", "Sequence", "Strip"});
  if (type == "ByteFallback") return std::make_unique<ByteFallback>();
  if (type == "ByteLevel") return std::make_unique<ByteLevel>();
  if (type == "Fuse") return std::make_unique<Fuse>();
  if (type == "Metaspace") return std::make_unique<Metaspace>(*component, name);
  if (type == "Replace") return std::make_unique<Replace>(*component, name);
  if (type == "Strip") return std::make_unique<Strip>(*component, name);
  auto sequence = std::make_unique<Sequence>();
  for (const JsonTree& part : component->at("decoders", name).array(name + ".decoders")) {
    sequence->parts.push_back(make_decoder(&part, name + ".decoders"));
  }
  return sequence;
}

}  // namespace tpscale
