#include "text/unicode_form.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "core/check.h"
#include "text/utf8.h"

namespace tpscale {
namespace {

int combining_class(std::int32_t character) noexcept {
  return utf8proc_get_property(character)->combining_class;
}

/// Marks behind one base character by their class. utf8proc's own sort takes quadratic time for a long run.
void sort_marks(std::vector<std::int32_t>& text) {
  for (auto at = text.begin(); at != text.end();) {
    if (combining_class(*at) == 0) {
      ++at;
      continue;
    }
    const auto end = std::find_if(at, text.end(), [](std::int32_t c) { return combining_class(c) == 0; });
    std::ranges::stable_sort(at, end, {}, combining_class);
    at = end;
  }
}

void append_normalized(std::string& result, std::string_view text, UnicodeForm form,
                       std::vector<std::int32_t>& characters) {
  constexpr std::size_t kLongestDecomposition = 32;  // the longest of all, U+FDFA, has 18
  const auto options = static_cast<utf8proc_option_t>(form.compatible ? UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT
                                                                      : UTF8PROC_DECOMPOSE);
  characters.clear();
  std::array<std::int32_t, kLongestDecomposition> parts{};
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character character = utf8_character(text, at);
    int boundary = 0;
    const auto count = utf8proc_decompose_char(static_cast<std::int32_t>(character.value), parts.data(),
                                               parts.size(), options, &boundary);
    check(count >= 0 && count <= static_cast<utf8proc_ssize_t>(parts.size()), "a character decomposes");
    characters.insert(characters.end(), parts.begin(), parts.begin() + count);
    at += character.bytes;
  }
  sort_marks(characters);
  auto size = static_cast<utf8proc_ssize_t>(characters.size());
  if (form.composed) {
    size = utf8proc_normalize_utf32(characters.data(), size,
                                    static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  }
  for (utf8proc_ssize_t i = 0; i < size; ++i) {
    append_utf8(result, static_cast<char32_t>(characters[static_cast<std::size_t>(i)]));
  }
}

}  // namespace

std::string normalized(std::string_view text, UnicodeForm form) {
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  std::string result;
  result.reserve(text.size());
  std::vector<std::int32_t> characters;
  while (!text.empty()) {
    // Nothing changes an ASCII character but the marks right behind it, and nothing before it reaches it.
    auto other = std::find_if_not(text.begin(), text.end(), ascii);
    const auto next = std::find_if(other, text.end(), ascii);
    if (other != text.end() && other != text.begin()) --other;
    const auto plain = static_cast<std::size_t>(other - text.begin());
    const auto end = static_cast<std::size_t>(next - text.begin());
    result += text.substr(0, plain);
    append_normalized(result, text.substr(plain, end - plain), form, characters);
    text.remove_prefix(end);
  }
  return result;
}

}  // namespace tpscale
