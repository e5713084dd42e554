#include "corpus/tables/json_lines.hpp"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "corpus/file_names.hpp"
#include "corpus/json_text.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

using nlohmann::json;

constexpr int most_depth = 4;            // of objects in objects
constexpr std::size_t most_keys = 1024;  // of a file
constexpr std::size_t sample_lines = 200;

/// An object, or what is_discarded() for anything else.
json object_of(std::string_view line) {
  if (!excess_of_json(line).empty()) return {json::value_t::discarded};
  json value = json::parse(line, nullptr, /*allow_exceptions=*/false);
  return value.is_object() ? value : json(json::value_t::discarded);
}

/// Calls `use(key, value)` for each value that is no object.
void for_each_value(const json& object, const std::string& front, int depth,
                    const std::function<void(const std::string&, const json&)>& use) {
  for (const auto& [name, value] : object.items()) {
    if (value.is_object() && depth < most_depth) {
      for_each_value(value, front + name + ".", depth + 1, use);
    } else {
      use(front + name, value);
    }
  }
}

std::vector<std::string> fields_of(const json& object, const std::vector<std::string>& keys) {
  std::vector<std::string> fields(keys.size());
  for_each_value(object, "", 0, [&](const std::string& key, const json& value) {
    const auto at = std::ranges::find(keys, key);
    if (at != keys.end()) fields[static_cast<std::size_t>(at - keys.begin())] = text_of_json(value);
  });
  return fields;
}

}  // namespace

bool is_json_lines_name(std::string_view path) {
  const std::string ending = ending_of(path);
  return ending == ".jsonl" || ending == ".ndjson";
}

Sample sample_of_json_lines(std::string_view text) {
  std::vector<json> objects;
  for (std::string_view rest = whole_lines(text); !rest.empty() && objects.size() < sample_lines;) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (json object = object_of(line); !object.is_discarded()) objects.push_back(std::move(object));
  }
  if (objects.empty()) return {};
  std::vector<std::string> keys;
  for (const json& object : objects) {
    for_each_value(object, "", 0, [&](const std::string& key, const json& value) {
      const bool is_field = value.is_primitive() && keys.size() < most_keys;
      if (is_field && std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    });
  }
  if (keys.empty()) return {};
  Sample sample = {keys};
  for (const json& object : objects) sample.push_back(fields_of(object, keys));
  return sample;
}

bool JsonLine::read(std::string_view line, std::vector<std::string>& fields) const {
  const json object = object_of(line);
  if (object.is_discarded()) return false;
  fields = fields_of(object, keys_);
  return true;
}

}  // namespace pool3::corpus
