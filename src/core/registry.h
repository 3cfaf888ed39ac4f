#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"

namespace tpscale {

/// Named factories that register themselves before main(): backends, communicators, experiments.
/// `Factory` is any copyable value. The one kind of object with static lifetime in the suite; read-only after
/// start.
template <class Factory>
class Registry {
 public:
  struct Entry {
    std::string description;  ///< one line for `tpscale list`
    Factory factory;
    std::function<std::string()> absence{};  ///< why it cannot be had on this machine, empty where it can
  };

  explicit Registry(std::string noun) : noun_(std::move(noun)) {}

  /// Returns true, so that a registration can initialise a constant.
  bool add(const std::string& name, std::string description, Factory factory,
           std::function<std::string()> absence = {}) {
    entries_.insert_or_assign(name, Entry{std::move(description), std::move(factory), std::move(absence)});
    return true;
  }
  /// The build has `name`, but this machine cannot use it: find() says why.
  void note_absent(const std::string& name, std::string reason) { absent_[name] = std::move(reason); }

  /// Throws NotAvailableError "backend 'cuda' is not in this build; it has: cpu", or "... is not available:
  /// ...".
  const Entry& find(std::string_view name) const {
    const auto it = entries_.find(std::string(name));
    if (it != entries_.end()) return it->second;
    const auto absent = absent_.find(std::string(name));
    if (absent != absent_.end()) {
      throw NotAvailableError(noun_ + " '" + absent->first + "' is not available: " + absent->second);
    }
    throw NotAvailableError(noun_ + " '" + std::string(name) +
                            "' is not in this build; it has: " + joined_names());
  }
  bool contains(std::string_view name) const { return entries_.count(std::string(name)) != 0; }
  const std::map<std::string, Entry>& entries() const noexcept { return entries_; }
  const std::map<std::string, std::string>& absent() const noexcept { return absent_; }  ///< name -> reason
  std::string joined_names() const {
    std::string names;
    for (const auto& [name, entry] : entries_) names += (names.empty() ? "" : ", ") + name;
    return names.empty() ? "none" : names;
  }

 private:
  std::string noun_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> absent_;
};

}  // namespace tpscale
