#include "support/paths.h"

#include <cstdlib>

namespace tpscale::test {

std::string fixtures() {
  const char* folder = std::getenv("TPSCALE_FIXTURES");
  return folder != nullptr ? folder : source_tree() + "/tests/fixtures";
}

std::string source_tree() {
  return TPSCALE_SOURCE_DIR;
}

}  // namespace tpscale::test
