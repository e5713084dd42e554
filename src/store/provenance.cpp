#include "store/provenance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "pool3/error.hpp"
#include "store/format_names.hpp"

namespace pool3 {

namespace {

constexpr std::string_view separator = ", ";
constexpr std::string_view fast_decode = "fast-decode";
constexpr std::string_view ignore_orientation = "ignore-orientation";
constexpr std::string_view max_pixels = "max-pixels ";

/// One of the words behind a profile's name; false if it is none.
bool take_word(std::string_view word, Preprocessing& preprocessing) {
  if (word == fast_decode) {
    preprocessing.fast_decode = true;
  } else if (word == ignore_orientation) {
    preprocessing.apply_orientation = false;
  } else if (word.starts_with(max_pixels)) {
    word.remove_prefix(max_pixels.size());
    return std::from_chars(word.data(), word.data() + word.size(), preprocessing.max_pixels).ec == std::errc();
  } else {
    return false;
  }
  return true;
}

/// The profile text with what only the flags tell of files that were made before the text did.
std::string complete_profile(const Provenance& provenance) {
  const auto flags = nlohmann::json::parse(provenance.config, nullptr, false);
  if (!flags.is_object()) return provenance.profile;
  Preprocessing preprocessing = parse_preprocessing(provenance.profile);
  if (const auto flag = flags.find("ignore-orientation"); flag != flags.end() && flag->is_boolean())
    preprocessing.apply_orientation = !flag->get<bool>();
  if (const auto flag = flags.find("max-pixels"); flag != flags.end() && flag->is_number_integer())
    preprocessing.max_pixels = flag->get<std::int64_t>();
  return to_string(preprocessing);
}

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
  std::string text = preprocessing.profile;
  if (preprocessing.fast_decode) text.append(separator).append(fast_decode);
  if (!preprocessing.apply_orientation) text.append(separator).append(ignore_orientation);
  if (preprocessing.max_pixels != default_max_pixels)
    text.append(separator).append(max_pixels).append(fmt::to_string(preprocessing.max_pixels));
  return text;
}

Preprocessing parse_preprocessing(std::string_view text) {
  Preprocessing preprocessing;
  // From the end: a name may have a comma, too.
  for (std::size_t at = text.rfind(separator); at != std::string_view::npos; at = text.rfind(separator)) {
    if (!take_word(text.substr(at + separator.size()), preprocessing)) break;
    text = text.substr(0, at);
  }
  preprocessing.profile = text;
  return preprocessing;
}

std::string kind_difference(const Provenance& a, const Provenance& b) {
  Preprocessing here = parse_preprocessing(a.profile);
  here.max_pixels = parse_preprocessing(b.profile).max_pixels;
  Provenance like_b = a;
  if (here == parse_preprocessing(b.profile)) like_b.profile = b.profile;
  return difference_in(like_b, b, {"weights_sha256", "profile", "precision"});
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

std::string take_config(const Attributes& attributes, const std::string& name, const Place& place) {
  const auto& config = attribute<std::string>(attributes, name, place);
  if (const std::string excess = excess_of_json(config); !excess.empty())
    throw error_at(place, name + ": " + excess, damaged_advice);
  return config;
}

Provenance take_provenance(const Attributes& attributes, const std::string& prefix, const Place& place) {
  Provenance provenance;
  for (const auto& field : provenance_fields) {
    provenance.*field.member = attribute<std::string>(attributes, prefix + field.name, place);
  }
  provenance.config = take_config(attributes, prefix + "config", place);
  provenance.profile = complete_profile(provenance);
  return provenance;
}

}  // namespace store
}  // namespace pool3
