#include "bench/workload/npy.h"

#include <charconv>
#include <limits>

#include "core/error.h"

namespace tpscale {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kVersionBytes = 2;

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw BadDataError(name + " is no .npy file of token ids: " + why);
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (auto at = bytes.rbegin(); at != bytes.rend(); ++at)
    value = value << 8 | static_cast<unsigned char>(*at);
  return value;
}

/// The dictionary of the header as NumPy writes it: {'descr': '<i4', 'fortran_order': False, 'shape': (12,),
/// }
class Header {
 public:
  Header(std::string_view text, const std::string& name) : text_(text), name_(name) { parse(); }
  std::size_t item_bytes() const noexcept { return item_bytes_; }
  std::uint64_t length() const noexcept { return length_; }

 private:
  void parse() {
    int seen = 0;
    for (expect('{'); !accept('}'); accept(',')) {
      const std::string_view key = quoted();
      expect(':');
      const int bit = key == "descr" ? 1 : key == "fortran_order" ? 2 : key == "shape" ? 4 : 0;
      if (bit == 0 || (seen & bit) != 0) refuse(name_, "its header has an unknown or a doubled key");
      seen |= bit;
      if (bit == 1) descr();
      if (bit == 2) order();
      if (bit == 4) shape();
    }
    skip_blanks();
    if (seen != 7 || !text_.empty()) refuse(name_, "its header is incomplete or goes on after its end");
  }
  void descr() {
    const std::string_view type = quoted();
    if (type != "<i4" && type != "<i8")
      refuse(name_, "its type is not '<i4' or '<i8' (little-endian int32 or int64)");
    item_bytes_ = type == "<i4" ? 4 : 8;
  }
  void order() {
    if (!accept_word("False") && !accept_word("True")) refuse(name_, "its fortran_order is no boolean");
  }
  void shape() {
    expect('(');
    skip_blanks();
    const auto [after, error] = std::from_chars(text_.data(), text_.data() + text_.size(), length_);
    if (error != std::errc{}) refuse(name_, "it is not one-dimensional");
    text_.remove_prefix(static_cast<std::size_t>(after - text_.data()));
    expect(',');
    if (!accept(')')) refuse(name_, "it is not one-dimensional");
  }
  std::string_view quoted() {
    expect('\'');
    const std::size_t end = text_.find('\'');
    if (end == std::string_view::npos) refuse(name_, "its header breaks off");
    const std::string_view word = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return word;
  }
  void skip_blanks() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\n')) text_.remove_prefix(1);
  }
  bool accept(char c) {
    skip_blanks();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool accept_word(std::string_view word) {
    skip_blanks();
    if (text_.substr(0, word.size()) != word) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  void expect(char c) {
    if (!accept(c)) refuse(name_, std::string("its header lacks a '") + c + "'");
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t item_bytes_ = 0;
  std::uint64_t length_ = 0;
};

}  // namespace

bool is_npy(std::string_view content) noexcept {
  return content.substr(0, kMagic.size()) == kMagic;
}

std::vector<std::int32_t> parse_npy(std::string_view content, const std::string& name) {
  std::string_view rest = content;
  const auto take = [&](std::uint64_t bytes) {
    if (bytes > rest.size()) refuse(name, "it breaks off");
    const std::string_view taken = rest.substr(0, bytes);
    rest.remove_prefix(bytes);
    return taken;
  };
  take(kMagic.size());
  const char version = take(kVersionBytes).front();
  if (version < 1 || version > 3) refuse(name, "its version is unknown");
  const std::uint64_t header_bytes = little_endian(take(version == 1 ? 2 : 4));
  const Header header(take(header_bytes), name);
  if (header.length() != rest.size() / header.item_bytes() || rest.size() % header.item_bytes() != 0) {
    refuse(name, "its size does not fit its shape");
  }
  std::vector<std::int32_t> tokens;
  tokens.reserve(header.length());
  while (!rest.empty()) {
    const std::uint64_t value = little_endian(take(header.item_bytes()));
    // A negative number has its highest bit set, and so is too large here.
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
      refuse(name, "entry " + std::to_string(tokens.size()) + " is negative or beyond 2^31 - 1");
    }
    tokens.push_back(static_cast<std::int32_t>(value));
  }
  return tokens;
}

}  // namespace tpscale
