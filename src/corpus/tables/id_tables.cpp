#include "corpus/tables/id_tables.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <utility>

#include "corpus/file_names.hpp"
#include "corpus/tables/list_form.hpp"
#include "corpus/tables/records.hpp"
#include "corpus/tables/table.hpp"
#include "corpus/tables/text_input.hpp"

namespace pool3::corpus {
namespace {

namespace fs = std::filesystem;

std::string beside(const std::string& table, const char* name) {
  return (fs::path(table).parent_path() / name).string();
}

bool is_file(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

/// Throws Error for a line that is not of this kind.
IdTexts read_id_texts(const std::string& path) {
  TextInput input(path);
  IdTexts texts;
  read_lines(input, [&](std::string_view text, std::int64_t line) {
    const auto parts = id_line(text);
    if (!parts)
      fail_at(path, line, "no id and a text, with a blank between them",
              "the list of pictures beside it counts on that");
    texts.insert_or_assign(std::string(parts->id), std::string(parts->rest));
  });
  return texts;
}

/// The path of each id, as it leads to the file; nothing if the lines are not ids and paths.
std::optional<IdTexts> paths_by_id(const std::string& images) {
  TextInput input(images);
  const ListForm form = find_list_form(input);
  if (!form.id_in_front) return std::nullopt;
  IdTexts paths;
  read_lines(input, [&](std::string_view text, std::int64_t) {
    if (const auto parts = id_line(text))
      paths.insert_or_assign(std::string(parts->id), form.placement.of(parts->rest));
  });
  return paths;
}

}  // namespace

std::optional<IdLine> id_line(std::string_view line) {
  line = trimmed_view(line);
  const std::size_t end = line.find_first_of(" \t");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view id = line.substr(0, end);
  if (id.find('/') != std::string_view::npos || is_picture_name(id)) return std::nullopt;
  return IdLine{id, trimmed_view(line.substr(end))};
}

std::optional<IdTexts> labels_by_id(const std::string& images) {
  const std::string labels = beside(images, "image_class_labels.txt"), classes = beside(images, "classes.txt");
  if (!is_file(labels)) return std::nullopt;
  IdTexts found = read_id_texts(labels);
  if (!is_file(classes)) return found;
  IdTexts names = read_id_texts(classes);
  std::map<std::string, int> counts;
  for (const auto& [number, name] : names) ++counts[name];
  for (auto& [id, label] : found) {
    const auto name = names.find(label);
    if (name != names.end())
      label = counts[name->second] > 1 ? fmt::format("{} {}", label, name->second) : name->second;
  }
  return found;
}

std::optional<PathValues> values_by_id(const std::string& table) {
  const std::string images = beside(table, "images.txt");
  std::error_code error;
  if (!is_file(images) || fs::equivalent(images, table, error)) return std::nullopt;
  const auto paths = paths_by_id(images);
  if (!paths) return std::nullopt;
  const bool is_split = fs::path(table).filename() == "train_test_split.txt";
  PathValues found{.folder = real_folder_of(table), .paths = {}, .values = {}};
  bool fits = true;
  TextInput input(table);
  read_lines(input, [&](std::string_view text, std::int64_t) {
    const auto parts = id_line(text);
    const auto path = parts ? paths->find(std::string(parts->id)) : paths->end();
    fits = fits && path != paths->end();
    if (!fits) return;
    found.paths.push_back(path->second);
    const std::string value(parts->rest);
    found.values.push_back(is_split && value == "1" ? "train" : is_split && value == "0" ? "test" : value);
  });
  return fits ? std::optional(std::move(found)) : std::nullopt;
}

}  // namespace pool3::corpus
