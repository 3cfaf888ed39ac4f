#include <csignal>
#include <functional>

#include "bench/store/durable_file.h"
#include "bench/store/hash.h"
#include "bench/store/launch_folder.h"
#include "bench/store/point_reader.h"
#include "bench/store/point_writer.h"
#include "bench/store/results_file.h"
#include "bench/store/schema_check.h"
#include "bench/store/store.h"
#include "core/error.h"

namespace tpscale {
namespace {

Bytes made(const std::string& file, const std::function<Bytes()>& make) {
  try {
    return make();
  } catch (const Hdf5Error& error) {
    throw InputOutputError("cannot make " + file + ": " + error.what());
  }
}

class Hdf5Store final : public Store {
 public:
  Hdf5Store(const std::string& folder, bool resume, LaunchIdentity identity)
      : identity_(std::move(identity)), folder_(folder, resume, identity_) {}

  bool has(const Values& parameters) const override {
    try {
      return read(parameters).has_value();
    } catch (const BadDataError&) {
      return false;  // it is measured again, and the damaged file moved aside
    }
  }

  std::optional<Point> read(const Values& parameters) const override {
    const std::string file = file_of(parameters);
    const std::optional<Bytes> bytes = read_whole(file);
    if (!bytes) return std::nullopt;
    Point point = read_point(*bytes, file);
    if (canonical_text(point.parameters) != canonical_text(parameters)) {
      throw BadDataError(file + " holds a point of other parameters");
    }
    return point;
  }

  void publish(const Point& point) override {
    check_schema(point);
    const std::string file = file_of(point.parameters);
    const bool damaged = is_damaged(point.parameters);
    const Bytes bytes = made(file, [&] { return write_point(point); });
    if (damaged) {
      // Two tasks may come here for one file: the name is never without a file that one of them has made.
      keep_as(file, file + ".damaged");
      write_durably(file, bytes);
    } else if (!write_new_durably(file, bytes)) {
      throw already_there(file);
    }
  }

  std::string derive_results() override {
    // Another task of the folder may publish meanwhile, and its results.h5 must not be replaced by an older
    // one.
    std::vector<std::string> ids;
    std::string file;
    do {
      ids = folder_.point_ids();
      file = write_results(ids);
    } while (ids != folder_.point_ids());
    return file;
  }

  std::string folder() const override { return folder_.path(); }

 private:
  std::string write_results(const std::vector<std::string>& ids) const {
    std::string file = folder_.results_file();
    const Bytes bytes = made(file, [&] {
      ResultsFile results(identity_);
      for (const std::string& id : ids) {
        const std::string point_file = folder_.point_file(id);
        const std::optional<Bytes> point = read_whole(point_file);
        if (!point) throw InputOutputError(point_file + " vanished while results.h5 was made");
        if (point_id(read_point(*point, point_file)) != id) {
          throw BadDataError(point_file + " holds another point than its name says");
        }
        results.add(id, *point);
      }
      return std::move(results).finish();
    });
    write_durably(file, bytes);
    return file;
  }
  /// A complete point is never changed; a damaged one is kept under a name that no reader takes.
  bool is_damaged(const Values& parameters) const {
    try {
      if (read(parameters)) throw already_there(file_of(parameters));
      return false;
    } catch (const BadDataError&) {
      return true;
    }
  }
  static UsageError already_there(const std::string& file) {
    return UsageError(file + " is already there and complete: a published point is never changed");
  }
  std::string file_of(const Values& parameters) const {
    return folder_.point_file(hash_hex(canonical_text(parameters)));
  }

  LaunchIdentity identity_;
  LaunchFolder folder_;
};

}  // namespace

std::unique_ptr<Store> open_hdf5_store(const std::string& folder, bool resume,
                                       const LaunchIdentity& identity) {
  // A file beyond the size limit then is an error of write(), not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  return std::make_unique<Hdf5Store>(folder, resume, identity);
}

}  // namespace tpscale
