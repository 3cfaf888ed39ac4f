#include "bench/store/launch_folder.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "bench/store/durable_file.h"
#include "bench/store/hash.h"
#include "core/error.h"

namespace tpscale {
namespace {

using Json = nlohmann::ordered_json;

Bytes to_bytes(const std::string& text) {
  Bytes bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::string text_of(const Json& json, const char* key, const std::string& file) {
  if (!json.is_object() || !json.contains(key) || !json.at(key).is_string()) {
    throw BadDataError(file + " has no text named '" + key + "': choose a new folder with -o");
  }
  return json.at(key).get<std::string>();
}

void require_equal(const std::string& folder, const char* what, const std::string& before,
                   const std::string& now) {
  if (before == now) return;
  throw UsageError("cannot resume " + folder + ": its points were made by another " + what + " (" + before +
                   ", now " + now + "); choose a new folder with -o");
}

}  // namespace

LaunchFolder::LaunchFolder(std::string path, bool resume, const LaunchIdentity& identity)
    : path_(std::move(path)) {
  make_folder(path_ + "/points");
  const bool has_points = !point_ids().empty();
  if (has_points && !resume) {
    throw UsageError(path_ +
                     " already has points; add --resume to complete them or choose a new folder with -o");
  }
  const std::string probe = path_ + "/points/writing-is-possible";
  write_durably(probe, to_bytes("probe\n"));
  remove_file(probe);
  if (has_points) {
    compare_identity(identity);
    return;
  }
  const Json json = {{"format", "tpscale-launch"},
                     {"binary_hash", identity.binary_hash},
                     {"weights_hash", identity.weights_hash},
                     {"hardware", identity.hardware}};
  write_durably(identity_file(), to_bytes(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"));
}

std::vector<std::string> LaunchFolder::point_ids() const {
  std::vector<std::string> ids;
  std::error_code error;
  for (std::filesystem::directory_iterator at(path_ + "/points", error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == ".h5" && is_hex16(at->path().stem().string()))
      ids.push_back(at->path().stem().string());
  }
  if (error) throw InputOutputError("cannot list " + path_ + "/points: " + error.message());
  std::sort(ids.begin(), ids.end());
  return ids;
}

void LaunchFolder::compare_identity(const LaunchIdentity& identity) const {
  const std::optional<Bytes> bytes = read_whole(identity_file());
  if (!bytes) {
    throw UsageError("cannot resume " + path_ +
                     ": it has points but no launch.json that says who made them; choose a "
                     "new folder with -o");
  }
  const auto* text = reinterpret_cast<const char*>(bytes->data());
  const Json json = Json::parse(text, text + bytes->size(), nullptr, false);
  const std::string file = identity_file();
  require_equal(path_, "binary", text_of(json, "binary_hash", file), identity.binary_hash);
  require_equal(path_, "model (weights)", text_of(json, "weights_hash", file), identity.weights_hash);
  require_equal(path_, "hardware", text_of(json, "hardware", file), identity.hardware);
}

}  // namespace tpscale
