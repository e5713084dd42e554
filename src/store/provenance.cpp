#include "store/layout.hpp"

namespace pool3 {

std::string kind_difference(const Provenance& a, const Provenance& b) {
  for (const auto& field : store::provenance_fields) {
    const std::string_view name = field.name;
    if (name != "weights_sha256" && name != "profile" && name != "precision") continue;
    const std::string& here = a.*field.member;
    const std::string& there = b.*field.member;
    if (here == there) continue;
    return std::string(name).append(": ").append(here).append(" here, ").append(there).append(" there");
  }
  return {};
}

namespace store {

void put_provenance(Attributes& attributes, const std::string& prefix, const Provenance& provenance) {
  for (const auto& field : provenance_fields) attributes[prefix + field.name] = provenance.*field.member;
}

Provenance take_provenance(const Attributes& attributes, const std::string& prefix, const Place& place) {
  Provenance provenance;
  for (const auto& field : provenance_fields) {
    provenance.*field.member = attribute<std::string>(attributes, prefix + field.name, place);
  }
  return provenance;
}

}  // namespace store
}  // namespace pool3
