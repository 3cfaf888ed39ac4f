#include "parallel/world/degree.h"

#include <string>

#include "core/error.h"

namespace tpscale {

void require_degree(int degree, int size) {
  const std::string ranks = std::to_string(degree);
  if (degree < 1) throw UsageError("a tensor-parallel degree is 1 or more, not " + ranks);
  if (degree > size) {
    throw UsageError("tensor-parallel degree " + ranks + " needs " + ranks + " ranks, this launch has " +
                     std::to_string(size) + ": start it with mpirun -n " + ranks);
  }
}

}  // namespace tpscale
