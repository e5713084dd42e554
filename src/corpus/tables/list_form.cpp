#include "corpus/tables/list_form.hpp"

#include <algorithm>
#include <vector>

#include "corpus/file_names.hpp"
#include "corpus/tables/columns.hpp"
#include "corpus/tables/id_tables.hpp"

namespace pool3::corpus {
namespace {

/// The first lines of a list that are not blank, nor remarks.
std::vector<std::string_view> first_lines(TextInput& input) {
  std::vector<std::string_view> lines;
  for (std::string_view rest = whole_lines(input.ahead()); !rest.empty() && lines.size() < placement_sample;) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!trimmed_view(line).empty() && !line.starts_with('#')) lines.push_back(line);
  }
  return lines;
}

/// Sets the placement. How many of the lines lead to files so.
std::ptrdiff_t find_files(ListForm& form, const std::string& folder, const std::vector<std::string_view>& lines) {
  std::vector<std::string> paths;
  paths.reserve(lines.size());
  for (const std::string_view line : lines) paths.emplace_back(form.parts_of(line).path);
  form.placement = find_placement(folder, paths);
  return count_there(folder, paths, form.placement);
}

}  // namespace

std::optional<std::string_view> behind_number(std::string_view line) {
  const std::size_t digits = line.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || (line[digits] != ' ' && line[digits] != '\t')) return {};
  return trimmed_view(line.substr(digits));
}

ListLine ListForm::parts_of(std::string_view line) const {
  ListLine parts{line, {}};
  if (const auto found = id_in_front ? id_line(line) : std::nullopt) parts = {found->rest, {}, found->id};
  if (separator) {
    const std::string_view whole = trimmed_view(line);
    const std::size_t at = whole.find_last_of(*separator);
    parts = at == std::string_view::npos ? ListLine{whole, {}}
                                         : ListLine{trimmed_view(whole.substr(0, at)), whole.substr(at + 1)};
  }
  const std::string_view path = parts.path;
  const bool quoted = path.size() > 2 && path.starts_with('"') && path.find('"', 1) == path.size() - 1;
  if (quoted) parts.path = path.substr(1, path.size() - 2);
  return parts;
}

std::string ListForm::words() const {
  if (id_in_front) return "each line is an id and a path";
  return separator ? "each line is a path and a label" : "";
}

ListForm find_list_form(TextInput& input) {
  ListForm usual{.separator = find_list_separator(input.ahead())};
  if (!input.is_file()) return usual;
  const std::string& folder = input.folder();
  const auto lines = first_lines(input);
  if (lines.empty() || folder.empty()) return usual;
  std::ptrdiff_t most = find_files(usual, folder, lines);
  if (usual.separator || (most > 0 && usual.placement.is_as_written())) return usual;
  ListForm best = usual;
  for (ListForm form : {ListForm{.separator = ' '}, ListForm{.separator = '\t'}, ListForm{.id_in_front = true}}) {
    const auto fits = [&](std::string_view line) {
      return form.parts_of(line).path.size() < trimmed_view(line).size();
    };
    if (!std::ranges::all_of(lines, fits)) continue;
    const std::ptrdiff_t found = find_files(form, folder, lines);
    if (found <= most) continue;
    most = found;
    best = form;
  }
  return best;
}

}  // namespace pool3::corpus
