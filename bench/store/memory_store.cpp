#include <map>

#include "bench/store/schema_check.h"
#include "bench/store/store.h"
#include "core/error.h"

namespace tpscale {
namespace {

class MemoryStore final : public Store {
 public:
  bool has(const Values& parameters) const override { return points_.count(canonical_text(parameters)) != 0; }
  std::optional<Point> read(const Values& parameters) const override {
    const auto found = points_.find(canonical_text(parameters));
    return found == points_.end() ? std::nullopt : std::optional(found->second);
  }
  void publish(const Point& point) override {
    check_schema(point);
    if (!points_.emplace(canonical_text(point.parameters), point).second) {
      throw UsageError("the point is already there and complete: a published point is never changed");
    }
  }
  std::string derive_results() override { return ""; }
  std::string folder() const override { return ""; }

 private:
  std::map<std::string, Point> points_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store() {
  return std::make_unique<MemoryStore>();
}

}  // namespace tpscale
