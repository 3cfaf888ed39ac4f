#include "text/normalizer.h"

#include <vector>

#include "text/pattern.h"
#include "text/unicode_form.h"

namespace tpscale {
namespace {

class Sequence final : public Normalizer {
 public:
  std::vector<std::unique_ptr<Normalizer>> parts;
  void apply(std::string& text) const override {
    for (const auto& part : parts) part->apply(text);
  }
};

class Form final : public Normalizer {
 public:
  explicit Form(UnicodeForm form) : form_(form) {}
  void apply(std::string& text) const override { text = normalized(text, form_); }

 private:
  UnicodeForm form_;
};

class Prepend final : public Normalizer {
 public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  void apply(std::string& text) const override {
    if (!text.empty()) text.insert(0, prefix_);
  }

 private:
  std::string prefix_;
};

class Replace final : public Normalizer {
 public:
  Replace(const JsonTree& component, const std::string& name)
      : pattern_(component.at("pattern", name), name + ".pattern"),
        content_(component.at("content", name).text(name + ".content")) {}
  void apply(std::string& text) const override { text = pattern_.replaced(text, content_); }

 private:
  mutable TextPattern pattern_;  // its scratch memory
  std::string content_;
};

}  // namespace

std::unique_ptr<Normalizer> make_normalizer(const JsonTree* component, const std::string& name) {
  if (component == nullptr) return std::make_unique<Sequence>();
  const std::string type =
      component_type(*component, name, {"NFC", "NFD", "NFKC", "NFKD", "Prepend", "Replace", "Sequence"});
  if (type == "Prepend") {
    return std::make_unique<Prepend>(component->at("prepend", name).text(name + ".prepend"));
  }
  if (type == "Replace") return std::make_unique<Replace>(*component, name);
  if (type == "Sequence") {
    auto sequence = std::make_unique<Sequence>();
    for (const JsonTree& part : component->at("normalizers", name).array(name + ".normalizers")) {
      sequence->parts.push_back(make_normalizer(&part, name + ".normalizers"));
    }
    return sequence;
  }
  return std::make_unique<Form>(UnicodeForm{type[2] == 'K', type.back() == 'C'});
}

}  // namespace tpscale
