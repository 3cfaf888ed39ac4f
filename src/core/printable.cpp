#include "core/printable.h"

namespace tpscale {

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 100;
  std::string shown;
  for (const char c : text.substr(0, kLongest)) shown += (c < 0x20 || c > 0x7E) ? '?' : c;
  if (text.size() > kLongest) shown += "...";
  return shown;
}

}  // namespace tpscale
