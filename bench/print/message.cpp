#include "bench/print/message.h"

#include <unistd.h>

namespace tpscale {

void say(const std::string& text) {
  const std::string line = "tpscale: " + text + "\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace tpscale
