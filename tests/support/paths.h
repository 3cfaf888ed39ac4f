#pragma once
#include <string>

namespace tpscale::test {

/// Where the small checkpoints lie: the environment's TPSCALE_FIXTURES, as a program may run far from the
/// tree it was built in (launch/bundle), or that tree's.
std::string fixtures();

/// The root of the tree that the tests were built in.
std::string source_tree();

}  // namespace tpscale::test
