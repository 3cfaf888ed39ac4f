#include "bench/print/message.h"

#include <unistd.h>

namespace tpscale {

void say(const std::string& text) {
  std::string line = "tpscale: " + text;
  for (char& c : line) {  // names come from anywhere: a terminal obeys none, and a line stays one
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  line += '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace tpscale
