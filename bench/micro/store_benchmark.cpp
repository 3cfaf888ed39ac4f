#include <filesystem>
#include <memory>
#include <string>

#include "bench/micro/families.h"
#include "bench/provenance/provenance.h"
#include "bench/store/store.h"

namespace tpscale {
namespace {

namespace fs = std::filesystem;

/// A point as an experiment makes them: `series` series of 10 repetitions on 4 ranks, and a figure of each.
Point sample_point(std::int64_t series) {
  Point point;
  point.test_name = "store-benchmark";
  point.test_date = utc_timestamp();
  point.method = "nothing was measured: the point is there to be written";
  point.parameters = {{"number", std::int64_t{0}}, {"series", series}};
  point.conditions = {
      {"seed", std::int64_t{0}}, {"workload_hash", std::string()}, {"cache_state", std::string()}};
  for (const char* name : {"commit", "build_type", "command_line", "hosts", "versions", "binary_hash"})
    point.provenance.emplace_back(name, std::string("unknown"));
  point.provenance.emplace_back("dirty", false);
  for (std::int64_t i = 0; i < series; ++i) {
    const std::string name = "series_" + std::to_string(i);
    Samples samples{name, "s", "steady_clock", "timed", 1, {"rank 0", "rank 1", "rank 2", "rank 3"}, {}, {}};
    samples.rows.assign(11, {0.1, 0.2, 0.3, 0.4});
    point.samples.push_back(std::move(samples));
    point.results.push_back({name, "s", 0.4, 0.4, 0.4, 10, 0.0, "none", "none = 0.4 s", {}});
  }
  return point;
}

/// A folder that points are published into; each a new one.
struct Published {
  Published(const std::string& scratch, std::int64_t series)
      : folder(fs::path(scratch) / ("store-" + std::to_string(series))), point(sample_point(series)) {
    fs::remove_all(folder);
    store = open_hdf5_store(folder.string(), false, {"micro", "none", "any"});
  }
  ~Published() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  void once() {
    point.parameters.front().second = ++number;
    store->publish(point);
  }

  fs::path folder;
  Point point;
  std::unique_ptr<Store> store;
  std::int64_t number = 0;
};

}  // namespace

void register_store(const Families& all) {
  for (const std::int64_t series : {10, 100}) {
    all.suite.add(CaseName("store", "publish").number("series", series), [scratch = all.scratch, series] {
      const auto published = std::make_shared<Published>(scratch, series);
      Work work{rate("points", "point", 1.0)};
      return Prepared{[published] { published->once(); }, std::move(work), nullptr};
    });
  }
}

}  // namespace tpscale
