#include "bench/print/message.h"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace tpscale {
namespace {

/// UTF-8 of U+0080 to U+009F, U+202A to U+202E and U+2066 to U+2069: all but the last byte, and its range.
struct Obeyed {
  std::string_view first;
  unsigned char lowest, highest;
};
constexpr std::array<Obeyed, 3> kObeyed = {
    {{"\xC2", 0x80, 0x9F}, {"\xE2\x80", 0xAA, 0xAE}, {"\xE2\x81", 0xA6, 0xA9}}};

/// Bytes of what a terminal obeys at the beginning of `text`, 0 where it is none.
std::size_t obeyed_bytes(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text.front());
  if ((byte < 0x20 && byte != '\n') || byte == 0x7F) return 1;
  for (const Obeyed& one : kObeyed) {
    if (text.size() <= one.first.size() || !text.starts_with(one.first)) continue;
    const auto last = static_cast<unsigned char>(text[one.first.size()]);
    if (last >= one.lowest && last <= one.highest) return one.first.size() + 1;
  }
  return 0;
}

}  // namespace

std::string terminal_text(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const std::size_t obeyed = obeyed_bytes(text);
    shown += obeyed == 0 ? text.front() : '?';
    text.remove_prefix(std::max<std::size_t>(obeyed, 1));
  }
  return shown;
}

void say(const std::string& text) {
  std::string line = "tpscale: " + terminal_text(text);
  std::replace(line.begin(), line.end(), '\n', '?');  // a line stays one
  line += '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace tpscale
