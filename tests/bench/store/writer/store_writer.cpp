// store_writer FOLDER COUNT [resume]: publishes the example points 0 .. COUNT-1 that are not there yet and
// says the number of each on a line once it is published; then derives results.h5. TPSCALE_TEST_TASK=k of
// TPSCALE_TEST_TASKS=n: only every n-th, from k on. Killed and robbed of its disk by the tests.
#include <sys/resource.h>

#include <cstdlib>
#include <iostream>

#include "../example_point.h"
#include "core/error.h"

namespace {

std::int64_t number_of(const char* variable, std::int64_t otherwise) {
  const char* value = std::getenv(variable);
  return value == nullptr ? otherwise : std::atoll(value);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tpscale;
  if (argc < 3) return static_cast<int>(ExitCode::kUsage);
  if (const char* bytes = std::getenv("TPSCALE_TEST_FILE_LIMIT")) {
    const auto limit = static_cast<rlim_t>(std::atoll(bytes));
    const rlimit limits = {limit, limit};
    ::setrlimit(RLIMIT_FSIZE, &limits);
  }
  try {
    const std::unique_ptr<Store> store = open_hdf5_store(argv[1], argc > 3, kExampleIdentity);
    const std::int64_t step = number_of("TPSCALE_TEST_TASKS", 1);
    for (std::int64_t i = number_of("TPSCALE_TEST_TASK", 0); i < std::atoll(argv[2]); i += step) {
      const Point point = example_point(i);
      if (store->has(point.parameters)) continue;
      store->publish(point);
      std::cout << i << std::endl;
    }
    store->derive_results();
    return 0;
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return static_cast<int>(error.code());
  }
}
