#include "store/provenance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

namespace pool3 {

namespace {

constexpr std::string_view fast_suffix = ", fast-decode";

/// The first of `names` in which they differ, in words, or "".
std::string difference_in(const Provenance& a, const Provenance& b, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto* field = std::find_if(store::provenance_fields.begin(), store::provenance_fields.end(),
                                     [&](const auto& known) { return name == known.name; });
    const std::string& here = a.*field->member;
    const std::string& there = b.*field->member;
    if (here == there) continue;
    return fmt::format("{}: {} here, {} there", name, here, there);
  }
  return {};
}

}  // namespace

std::string to_string(const Preprocessing& preprocessing) {
  return preprocessing.profile + std::string(preprocessing.fast_decode ? fast_suffix : std::string_view());
}

Preprocessing parse_preprocessing(std::string_view text) {
  if (!text.ends_with(fast_suffix)) return {std::string(text)};
  return {std::string(text.substr(0, text.size() - fast_suffix.size())), true};
}

std::string kind_difference(const Provenance& a, const Provenance& b) {
  return difference_in(a, b, {"weights_sha256", "profile", "precision"});
}

std::string job_difference(const Provenance& a, const Provenance& b) {
  // Labels before the catalogue, whose hash covers them. "auto" is no rule of its own: it may give what another gives.
  if (a.labels == "auto" || b.labels == "auto") {
    return difference_in(a, b, {"weights_sha256", "profile", "precision", "catalogue_hash", "version"});
  }
  return difference_in(a, b, {"weights_sha256", "profile", "precision", "labels", "catalogue_hash", "version"});
}

std::string width_difference(std::int64_t here, std::int64_t there) {
  return here == there ? std::string() : fmt::format("width: {} here, {} there", here, there);
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
