#include "bench/preflight/difference.h"

#include <map>

#include "core/printable.h"
#include "parallel/world/gather_text.h"

namespace tpscale {
namespace {

using Map = std::map<std::string, std::string>;

/// Names and values between zero bytes, which neither has.
std::string packed(const Traits& traits) {
  std::string text;
  for (const auto& [name, value] : traits) text.append(name).append(1, '\0').append(value).append(1, '\0');
  return text;
}

Map unpacked(const std::string& text) {
  Map map;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t name_end = text.find('\0', at);
    const std::size_t value_end = name_end == std::string::npos ? name_end : text.find('\0', name_end + 1);
    if (value_end == std::string::npos) break;  // of another version of the program
    map[text.substr(at, name_end - at)] = text.substr(name_end + 1, value_end - name_end - 1);
    at = value_end + 1;
  }
  return map;
}

std::string shown(const Map& map, const std::string& name) {
  const auto found = map.find(name);
  return found == map.end() ? "none" : "'" + printable(found->second) + "'";
}

/// The first name in which two maps differ, empty where they are equal.
std::string first_difference(const Map& a, const Map& b) {
  Map all = a;
  all.insert(b.begin(), b.end());
  for (const auto& [name, value] : all) {
    const auto in_a = a.find(name), in_b = b.find(name);
    if (in_a == a.end() || in_b == b.end() || in_a->second != in_b->second) return name;
  }
  return {};
}

}  // namespace

Difference find_difference(World& world, const Traits& mine) {
  const std::vector<std::string> texts = gather_text(world, packed(mine));
  const Map base = unpacked(texts.front());
  for (std::size_t rank = 1; rank < texts.size(); ++rank) {
    if (texts[rank] == texts.front()) continue;
    const Map other = unpacked(texts[rank]);
    const std::string name = first_difference(base, other);
    if (name.empty()) continue;
    return {static_cast<int>(rank), world.places()[rank].host, name, shown(other, name), shown(base, name)};
  }
  return {};
}

}  // namespace tpscale
