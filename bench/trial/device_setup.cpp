#include "bench/trial/device_setup.h"

#include "bench/print/message.h"
#include "core/error.h"

namespace tpscale {
namespace {

DevicePlace place_of(const World& world, int degree) {
  const RankPlace& mine = world.places().at(static_cast<std::size_t>(world.rank()));
  DevicePlace place{mine.local_rank, 0, world.oversubscribed(degree)};
  for (const RankPlace& other : world.places()) {
    if (other.host == mine.host && other.rank < degree) ++place.local_size;
  }
  return place;
}

bool cuda_works(World& world, const BackendOptions& options) {
  if (!backend_registry().contains("cuda")) return false;
  bool works = true;
  try {
    backend_registry().find("cuda").factory(options, place_of(world, world.size()));
  } catch (const Error&) {
    works = false;
  }
  std::vector<char> all(static_cast<std::size_t>(world.size()));
  const char mine = works ? 1 : 0;
  world.all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&mine, 1)));
  for (const char one : all) works = works && one != 0;
  return works;
}

/// What a device went without, one line each: its facts are stored, but few read them.
void say_problems(const Backend& backend) {
  for (const auto& [name, fact] : backend.facts()) {
    if (name.ends_with("_problem")) say(fact);
  }
}

}  // namespace

DeviceSetup set_up_devices(World& world, const std::string& backend, const BackendOptions& options,
                           const ParallelOptions& parallel) {
  DeviceSetup setup{backend, options, parallel};
  together(world, [&] {
    if (backend != "auto") backend_registry().find(backend);
  });
  setup.options.threads = world.place(options.threads, parallel.pin);
  if (backend == "auto") setup.backend = cuda_works(world, setup.options) ? "cuda" : "cpu";
  return setup;
}

DeviceSetup plan_devices(World& world, const std::string& backend, const BackendOptions& options,
                         const ParallelOptions& parallel) {
  const bool elsewhere = backend_registry().absent().contains(backend);
  DeviceSetup setup = set_up_devices(world, elsewhere ? "auto" : backend, options, parallel);
  if (elsewhere) setup.backend = backend;
  return setup;
}

std::unique_ptr<Backend> make_backend(const World& world, const DeviceSetup& setup, int degree) {
  auto backend = backend_registry().find(setup.backend).factory(setup.options, place_of(world, degree));
  if (world.rank() == 0) say_problems(*backend);
  return backend;
}

}  // namespace tpscale
