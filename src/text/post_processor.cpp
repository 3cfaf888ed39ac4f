#include "text/post_processor.h"

#include "core/error.h"
#include "text/vocabulary.h"

namespace tpscale {
namespace {

/// TemplateProcessing: [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}], and the ids of "<s>".
SpecialFrame read_template(const JsonTree& component, const std::string& name) {
  SpecialFrame frame;
  bool behind = false;
  for (const JsonTree& part : component.at("single", name).array(name + ".single")) {
    const JsonTree* special = part.find("SpecialToken");
    if (special == nullptr) {
      part.at("Sequence", name + ".single");
      if (behind) throw BadDataError(name + ".single must hold the text once");
      behind = true;
      continue;
    }
    const std::string& token = special->at("id", name).text(name + ".single.SpecialToken.id");
    const JsonTree& entry = component.at("special_tokens", name).at(token, name + ".special_tokens");
    std::vector<std::int32_t>& ids = behind ? frame.after : frame.before;
    for (const JsonTree& id : entry.at("ids", name).array(name + ".special_tokens.ids")) {
      ids.push_back(
          static_cast<std::int32_t>(id.integer(name + ".special_tokens.ids", Vocabulary::kLargestId)));
    }
  }
  if (!behind) throw BadDataError(name + ".single must hold the text once");
  return frame;
}

}  // namespace

SpecialFrame read_special_frame(const JsonTree* component, const std::string& name) {
  if (component == nullptr) return {};
  const std::string type = component_type(*component, name, {"ByteLevel", "Sequence", "TemplateProcessing"});
  if (type == "TemplateProcessing") return read_template(*component, name);
  SpecialFrame frame;  // ByteLevel only moves offsets, which nobody here asks for
  if (type == "Sequence") {
    for (const JsonTree& part : component->at("processors", name).array(name + ".processors")) {
      const SpecialFrame outer = read_special_frame(&part, name + ".processors");
      frame.before.insert(frame.before.begin(), outer.before.begin(), outer.before.end());
      frame.after.insert(frame.after.end(), outer.after.begin(), outer.after.end());
    }
  }
  return frame;
}

}  // namespace tpscale
