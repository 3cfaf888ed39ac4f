#pragma once
#include <cstdlib>
#include <string>

namespace tpscale::test {

/// Where the small checkpoints lie: the environment's TPSCALE_FIXTURES, as a program may run far from the
/// tree it was built in (launch/bundle), or that tree's.
inline std::string fixtures() {
  const char* folder = std::getenv("TPSCALE_FIXTURES");
  return folder != nullptr ? folder : TPSCALE_FIXTURES;
}

}  // namespace tpscale::test
