#include "corpus/tables/json_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <vector>

#include "corpus/error_stage.hpp"
#include "corpus/file_names.hpp"
#include "corpus/json_text.hpp"
#include "corpus/tables/json_elements.hpp"
#include "corpus/tables/json_lines.hpp"
#include "corpus/tables/path_placement.hpp"
#include "corpus/tables/records.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

using nlohmann::json;
using Element = JsonElements::Element;

constexpr const char* not_read =
    "it is neither a list of objects, nor of COCO's kind (images, annotations, categories), nor labels by path; "
    "write a CSV table with a column path and a column label";

Placement placement_in(const TextInput& input, const std::vector<std::string>& paths) {
  return input.is_file() ? find_placement(input.folder(), paths) : Placement{};
}

/// A picture of a document: `text` is what leads to its labels.
struct Found {
  std::string path, text;
  std::int64_t line = 0;
};

struct Weighed {
  std::string label;
  double weight = 1;
};

/// Calls `use` with each of them and each of its labels, and adds to `shape` how many there are and how their paths
/// were changed.
template <typename LabelsOf>
void give_rows(const TextInput& input, const std::vector<Found>& pictures, const LabelsOf& labels_of,
               const TableUse& use, TableShape& shape) {
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < std::min(pictures.size(), placement_sample); ++i) paths.push_back(pictures[i].path);
  const Placement placement = placement_in(input, paths);
  if (!placement.is_as_written()) shape.placement = placement.words();
  for (const Found& picture : pictures) {
    const std::string path = placement.of(picture.path);
    for (const Weighed& one : labels_of(picture.text))
      use({path, one.label, one.weight, shape.has_labels, picture.line});
    ++shape.rows;
  }
}

/// The whole elements in what is held of the text.
std::vector<std::string> first_elements(TextInput& input) {
  std::vector<std::string> texts;
  constexpr std::size_t most = 200;
  try {
    TextInput beginning(input.path(), input.ahead());
    JsonElements elements(beginning);
    for (Element element; texts.size() < most && elements.next(element);) texts.push_back(element.text);
  } catch (const Error&) {
    // It ends somewhere in the middle; the reading of the whole document says what is wrong with it.
  }
  return texts;
}

TableShape read_list_of_objects(TextInput& input, const ColumnNames& names, const TableUse& use) {
  const Sample sample = sample_of_objects(first_elements(input));
  JsonElements elements(input);
  Element element;
  if (!elements.next(element)) return {};
  if (sample.empty()) fail_at(input.path(), element.line, "no list of JSON objects", not_read);
  const Columns columns = find_columns(sample, json_separator, names, input.path());
  std::vector<std::string> paths;
  for (std::size_t i = 1; i < std::min(sample.size(), placement_sample + 1); ++i)
    paths.push_back(sample[i][columns.path]);
  const Placement placement = placement_in(input, paths);
  ObjectRows rows(input.path(), sample[0], columns, placement);
  do rows.add(element.text, element.line, use);
  while (elements.next(element));
  return rows.shape();
}

/// The pictures, annotations and categories of a document of COCO's kind, by their numbers or names.
class Coco {
 public:
  /// The label is a key of the categories, or their name, or their number where they have none; the weight is a key of
  /// the annotations.
  explicit Coco(const ColumnNames& names)
      : is_named_(!names.label.empty()),
        label_key_(is_named_ ? names.label : std::string("name")),
        weight_key_(names.weight),
        all_labels_(names.all_labels) {}

  void add(const Element& element) {
    if (element.key != "images" && element.key != "annotations" && element.key != "categories") return;
    const json object = object_of(element.text);
    const auto text = [&](const std::string& key) {
      return object.is_object() && object.contains(key) ? text_of_json(object[key]) : std::string();
    };
    if (element.key == "images") {
      if (const std::string path = text("file_name"); path.empty()) {
        ++unread_;
      } else {
        pictures_.push_back({path, text("id"), element.line});
      }
    } else if (element.key == "annotations") {
      has_weight_key_ = has_weight_key_ || (object.is_object() && object.contains(weight_key_));
      annotate(text("image_id"), {text("category_id"), weight_key_.empty() ? 1 : weight_of(text(weight_key_))});
    } else {
      has_label_key_ = has_label_key_ || (object.is_object() && object.contains(label_key_));
      names_[text("id")] = text(label_key_);
    }
  }

  TableShape rows(const TextInput& input, const TableUse& use) {
    if (is_named_ && !has_label_key_)
      throw usage_error(fmt::format("the categories of {} have no {}", input.path(), label_key_));
    if (!weight_key_.empty() && !has_weight_key_)
      throw usage_error(fmt::format("the annotations of {} have no {}", input.path(), weight_key_));
    TableShape shape{.has_labels = !categories_.empty(), .unread_rows = unread_};
    shape.what = fmt::format("JSON of COCO's kind; paths are file_name, {}",
                             shape.has_labels ? fmt::format("labels the {} of the categories", label_key_)
                                              : "no labels, for want of annotations");
    std::int64_t several = 0;
    give_rows(
        input, pictures_, [&](const std::string& id) { return labels_of(id, several); }, use, shape);
    if (several > 0)
      shape.odd.push_back(fmt::format(
          "{} pictures have annotations of several categories, and no label for that (--several-labels first "
          "gives them one)",
          several));
    if (unread_ > 0) shape.odd.push_back(fmt::format("{} images without a file_name are left out", unread_));
    return shape;
  }
  [[nodiscard]] bool has_pictures() const { return !pictures_.empty(); }

 private:
  /// Of one category, the annotation that weighs most stays.
  void annotate(const std::string& picture, Weighed category) {
    std::vector<Weighed>& all = categories_[picture];
    const auto same = std::ranges::find(all, category.label, &Weighed::label);
    if (same == all.end()) return all.push_back(std::move(category));
    same->weight = std::max(same->weight, category.weight);
  }

  /// All that it has, if they are wanted; else its only one, and none of several.
  [[nodiscard]] std::vector<Weighed> labels_of(const std::string& id, std::int64_t& several) const {
    const auto found = categories_.find(id);
    if (found == categories_.end()) return {Weighed{}};
    if (found->second.size() > 1 && !all_labels_) return ++several, std::vector{Weighed{}};
    std::vector<Weighed> labels = found->second;
    for (Weighed& one : labels) {
      const auto name = names_.find(one.label);
      if (name != names_.end() && has_label_key_) one.label = name->second;
    }
    return labels;
  }

  bool is_named_;
  std::string label_key_, weight_key_;
  bool all_labels_;
  bool has_label_key_ = false, has_weight_key_ = false;
  std::vector<Found> pictures_;                                       // the text: the number
  std::unordered_map<std::string, std::vector<Weighed>> categories_;  // of each picture, by their numbers
  std::unordered_map<std::string, std::string> names_;
  std::int64_t unread_ = 0;
};

/// Members of an object whose values are labels: {"a/1.jpg": "cat"}.
class LabelsByPath {
 public:
  void add(const Element& element) {
    if (element.in_list) return;
    const json value = json::parse("[" + element.text + "]", nullptr, /*allow_exceptions=*/false);
    const json key = json::parse("\"" + element.key + "\"", nullptr, /*allow_exceptions=*/false);
    if (!value.is_array() || value.size() != 1 || !key.is_string()) return;
    const std::string label = text_of_json(value[0]);
    const std::string path = key.get<std::string>();
    if (label.empty() || !is_picture_name(path)) return;
    rows_.push_back({path, label, element.line});
  }

  [[nodiscard]] TableShape rows(const TextInput& input, const TableUse& use) const {
    TableShape shape{.has_labels = true, .what = "a JSON object: its keys are paths, its values labels"};
    give_rows(
        input, rows_, [](const std::string& label) { return std::vector{Weighed{label}}; }, use, shape);
    return shape;
  }
  [[nodiscard]] bool empty() const { return rows_.empty(); }

 private:
  std::vector<Found> rows_;  // the text: the label
};

}  // namespace

bool is_json_name(std::string_view path) { return ending_of(path) == ".json"; }

TableShape read_json_file(TextInput& input, const ColumnNames& names, const TableUse& use) {
  if (trimmed_view(input.ahead()).starts_with('[')) return read_list_of_objects(input, names, use);
  Coco coco(names);
  LabelsByPath by_path;
  JsonElements elements(input);
  for (Element element; elements.next(element);) {
    coco.add(element);
    by_path.add(element);
  }
  if (coco.has_pictures()) return coco.rows(input, use);
  if (!by_path.empty()) return by_path.rows(input, use);
  throw Error(
      {.stage = stage, .path = input.path(), .cause = "JSON in which no pictures are found", .advice = not_read});
}

}  // namespace pool3::corpus
