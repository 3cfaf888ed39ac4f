#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/store/point.h"

namespace tpscale {

/// Where finished points go. A point is published whole or not at all; nothing published is ever changed.
class Store {
 public:
  virtual ~Store() = default;
  /// True where a point of these parameters is complete and validates (what --resume means).
  virtual bool has(const Values& parameters) const = 0;
  /// Reads a finished point back (its parameters, samples, results and arrays). nullopt where there is none.
  virtual std::optional<Point> read(const Values& parameters) const = 0;
  /// Checks the point against the schema (InternalError names what is missing) and publishes it. Throws
  /// InputOutputError.
  virtual void publish(const Point& point) = 0;
  /// Derives results.h5 from all points. Idempotent. Returns its path ("" where there is no file).
  virtual std::string derive_results() = 0;
  /// Where points lie, "" for a store in memory.
  virtual std::string folder() const = 0;
};

/// What must agree for --resume: a folder made by another binary, model or hardware is refused.
struct LaunchIdentity {
  std::string binary_hash;
  std::string weights_hash;
  std::string hardware;
};

/// A launch folder with points/<id>.h5. The folder is created, and tried for writing before any work. A
/// folder that already has points needs `resume`, else UsageError; with `resume` an identity that differs is
/// a UsageError that says in what.
std::unique_ptr<Store> open_hdf5_store(const std::string& folder, bool resume,
                                       const LaunchIdentity& identity);
/// The null store of dry runs and tests: keeps points in memory, checks them all the same.
std::unique_ptr<Store> make_memory_store();

}  // namespace tpscale
