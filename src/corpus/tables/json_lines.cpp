#include "corpus/tables/json_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "corpus/file_names.hpp"
#include "corpus/json_text.hpp"
#include "corpus/tables/records.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

using nlohmann::json;

constexpr int most_depth = 4;            // of objects in objects
constexpr std::size_t most_keys = 1024;  // of a file
constexpr std::size_t sample_lines = 200;

/// Calls `use(key, value)` for each value that is no object.
void for_each_value(const json& object, const std::string& front, int depth,
                    const std::function<void(const std::string&, const json&)>& use) {
  for (const auto& [name, outer] : object.items()) {
    const json* inner = &outer;
    for (int lists = 0; lists < most_depth && inner->is_array() && inner->size() == 1; ++lists) inner = &(*inner)[0];
    const json& value = *inner;
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

json object_of(std::string_view line) {
  if (!excess_of_json(line).empty()) return {json::value_t::discarded};
  json value = json::parse(line, nullptr, /*allow_exceptions=*/false);
  return value.is_object() ? value : json(json::value_t::discarded);
}

Sample sample_of_json_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (std::string_view rest = whole_lines(text); !rest.empty() && lines.size() < sample_lines;) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (!trimmed_view(line).empty()) lines.emplace_back(line);
  }
  return sample_of_objects(lines);
}

Sample sample_of_objects(const std::vector<std::string>& texts) {
  std::vector<json> objects;
  for (const std::string& text : texts)
    if (json object = object_of(text); !object.is_discarded()) objects.push_back(std::move(object));
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

ObjectRows::ObjectRows(const std::string& table, const std::vector<std::string>& keys, const Columns& columns,
                       const Placement& placement)
    : table_(table),
      placement_(placement),
      has_weight_(columns.weight.has_value()),
      reader_(
          {keys[columns.path], columns.label ? keys[*columns.label] : "", columns.weight ? keys[*columns.weight] : ""}),
      shape_{.has_labels = columns.label.has_value(), .what = columns.what, .unclear = columns.unclear} {
  if (!placement.is_as_written()) shape_.placement = placement.words();
}

void ObjectRows::add(std::string_view text, std::int64_t line, const TableUse& use) {
  const auto leave_out = [&](Kind& kind) {
    if (kind.count++ == 0) kind.line = line;
  };
  if (!reader_.read(text, fields_)) return leave_out(unread_);
  if (fields_[0].empty()) return leave_out(without_path_);
  check_path(fields_[0], table_, line, shape_.rows == 0);
  const std::string path = placement_.of(fields_[0]);
  use({path, fields_[1], has_weight_ ? weight_of(fields_[2]) : 1, shape_.has_labels, line});
  ++shape_.rows;
}

TableShape ObjectRows::shape() {
  if (shape_.rows == 0 && without_path_.count > 0)
    fail_at(table_, without_path_.line, "the path is empty, and so are all others");
  if (shape_.rows == 0 && unread_.count > 0) fail_at(table_, unread_.line, "not a JSON object in UTF-8");
  const auto say = [&](const Kind& kind, std::string_view what) {
    if (kind.count > 0)
      shape_.odd.push_back(fmt::format("{} row{} {} left out: {} (the first: line {})", kind.count,
                                       kind.count == 1 ? "" : "s", kind.count == 1 ? "is" : "are", what, kind.line));
  };
  say(unread_, "no JSON object in UTF-8");
  say(without_path_, "no path");
  shape_.unread_rows = unread_.count;
  return std::move(shape_);
}

}  // namespace pool3::corpus
