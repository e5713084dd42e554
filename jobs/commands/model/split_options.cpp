#include "commands/model/split_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "pool3/error.hpp"
#include "pool3/image.hpp"
#include "pool3/text.hpp"

namespace pool3::jobs {
namespace {

constexpr std::array<std::string_view, 6> side_columns = {"split", "set", "subset", "partition", "fold", "usage"};
constexpr std::array<std::string_view, 3> group_columns = {"group", "groups", "groupid"};
constexpr std::array<std::string_view, 2> fold_columns = {"fold", "folds"};

const RowTable* sides(const SplitFlags& f) { return row_table(f.split_from, "split", side_columns); }
const RowTable* held_out(const SplitFlags& f) { return row_table(f.test_rows, "held-out rows", side_columns); }
const RowTable* groups(const SplitFlags& f) { return row_table(f.groups_from, "groups", group_columns); }
const RowTable* folds(const SplitFlags& f) { return row_table(f.folds_from, "folds", fold_columns); }

Error bad_value(const RowTable& table, std::size_t row, const std::string& text, const char* is_no,
                std::string advice) {
  return Error({.stage = table.stage(),
                .path = table.name(),
                .cause = fmt::format("row {}: '{}' is no {}", row, one_line(text.substr(0, 40)), is_no),
                .advice = std::move(advice)});
}

/// A whole number that `text` is, if it is from `least` to `most`.
std::optional<std::int64_t> number_of(const std::string& text, std::int64_t least, std::int64_t most) {
  const auto value = parse_number<std::int64_t>(text);
  return value && *value >= least && *value <= most ? value : std::nullopt;
}

std::vector<std::int32_t> folds_in(const RowTable& table) {
  std::vector<std::int32_t> found;
  for (std::size_t row = 0; row < table.values().size(); ++row) {
    const auto fold = number_of(table.values()[row], -1, most_folds - 1);
    if (!fold)
      throw bad_value(table, row, table.values()[row], "fold",
                      fmt::format("folds are whole numbers from 0 to {}, or -1", most_folds - 1));
    found.push_back(static_cast<std::int32_t>(*fold));
  }
  if (found.empty() || std::ranges::max(found) < 1)
    throw Error({.stage = "folds", .path = table.name(), .cause = "it has fewer than two folds"});
  return found;
}

/// Also the numbers that a model's /split has.
std::optional<RowSide> side_of(const std::string& text) {
  if (text.empty() || text == "-1") return RowSide::left_out;
  if (const auto number = number_of(text, 0, 2)) return static_cast<RowSide>(*number);
  return side_of_name(text);
}

void check_sides(const RowTable& table) {
  if (table.by_path() && table.values().empty())
    throw Error({.stage = table.stage(),
                 .path = table.name(),
                 .cause = "it has paths and nothing beside them",
                 .advice = "a list of the rows that are held out goes to --test-rows"});
  for (std::size_t row = 0; row < table.values().size(); ++row)
    if (!side_of(table.values()[row]))
      throw bad_value(table, row, table.values()[row], "side of a split",
                      "train, test and validation are, and names like these; or 0, 1 and 2");
}

std::string missing_text(const RowTable& table, const RowTable::Found& found, const char* they) {
  std::string text;
  if (found.missing > 0)
    text = fmt::format("; {} rows of the feature file are not in {}, and {}", found.missing, table.name(), they);
  if (found.more > 0) text += fmt::format("; {} rows of {} are not in the feature file", found.more, table.name());
  return text;
}

std::string counts_of(const std::vector<RowSide>& sides) {
  return fmt::format("{} rows train, {} are held out, {} are left out", std::ranges::count(sides, RowSide::training),
                     std::ranges::count(sides, RowSide::held_out), std::ranges::count(sides, RowSide::left_out));
}

std::string take_sides(const FeatureReader& reader, const RowTable& table, Split& split) {
  const RowTable::Found found = table.of_rows(reader);
  bool tests = false;
  std::vector<bool> validates;
  for (const auto& text : found.values) {
    const RowSide side = text ? *side_of(*text) : RowSide::left_out;
    split.sides_of_rows.push_back(side);
    validates.push_back(side == RowSide::left_out && text && !text->empty());
    tests = tests || side == RowSide::held_out;
  }
  for (std::size_t i = 0; i < validates.size() && !tests; ++i)
    if (validates[i]) split.sides_of_rows[i] = RowSide::held_out;
  return fmt::format("{}: {}{}", table.name(), counts_of(split.sides_of_rows),
                     missing_text(table, found, "are left out"));
}

std::string take_held_out(const FeatureReader& reader, const RowTable& table, Split& split) {
  split.sides_of_rows.assign(static_cast<std::size_t>(reader.rows()), RowSide::training);
  const auto hold_out = [&](std::size_t row) { split.sides_of_rows[row] = RowSide::held_out; };
  std::int64_t more = 0;
  if (table.by_path()) {
    const RowTable::Found found = table.of_rows(reader);
    for (std::size_t row = 0; row < found.values.size(); ++row)
      if (found.values[row]) hold_out(row);
    more = found.more;
  } else {
    for (std::size_t i = 0; i < table.values().size(); ++i) {
      const auto row = number_of(table.values()[i], 0, reader.rows() - 1);
      if (!row)
        throw bad_value(table, i, table.values()[i], "row of the feature file",
                        fmt::format("give paths, or numbers from 0 to {}", reader.rows() - 1));
      hold_out(static_cast<std::size_t>(*row));
    }
  }
  const std::string note = more > 0 ? fmt::format("; {} of its paths are not in the feature file", more) : "";
  return fmt::format("{}: {}{}", table.name(), counts_of(split.sides_of_rows), note);
}

/// A name's number depends on nothing else, so that a catalogue may grow.
GroupId group_of_name(const std::string& name) {
  const ImageKey key = content_key(std::as_bytes(std::span(name)));
  return static_cast<GroupId>(key.low >> 1U);
}

std::string take_groups(const FeatureReader& reader, const RowTable& table, Split& split) {
  const RowTable::Found found = table.of_rows(reader);
  std::unordered_map<GroupId, std::uint8_t> sides;  // a bit for each side that a group is on
  std::int64_t alone = 0;
  for (std::size_t row = 0; row < found.values.size(); ++row) {
    const auto& text = found.values[row];
    const GroupId group = text && !text->empty() ? group_of_name(*text) : no_group;
    split.groups_of_rows.push_back(group);
    if (group == no_group) {
      ++alone;
      continue;
    }
    const RowSide side = split.sides_of_rows.empty() ? RowSide::left_out : split.sides_of_rows[row];
    sides[group] |= static_cast<std::uint8_t>(side == RowSide::training ? 1 : side == RowSide::held_out ? 2 : 0);
  }
  const auto torn = std::ranges::count_if(sides, [](const auto& group) { return group.second == 3; });
  std::string note = fmt::format("{}: {} groups, {} rows of their own", table.name(), sides.size(), alone);
  if (torn > 0) note += fmt::format("; warning: {} groups have rows on both sides of the split that was given", torn);
  return note + missing_text(table, found, "are on their own");
}

std::string take_folds(const FeatureReader& reader, const RowTable& table, Split& split) {
  const RowTable::Found found = table.of_rows(reader);
  for (const auto& text : found.values)
    split.folds_of_rows.push_back(text ? static_cast<std::int32_t>(*number_of(*text, -1, most_folds)) : -1);
  const std::string missing = missing_text(table, found, "train in each fold");
  return missing.empty() ? "" : fmt::format("{}: {} folds{}", table.name(), given_folds(split), missing);
}

/// The rows lie in folders of a split, as far as the first and the last tell: rows are in order of paths.
bool seems_split_by_folder(const FeatureReader& reader) {
  if (reader.rows() < 2) return false;
  const auto path_of = [&](Row row) { return full_path(reader.root(), reader.paths({row, row + 1})[0]); };
  const std::string first = path_of(0), last = path_of(reader.rows() - 1);
  const auto differ = std::ranges::mismatch(first, last).in1 - first.begin();
  const std::size_t shared = first.substr(0, static_cast<std::size_t>(differ)).rfind('/') + 1;
  const auto names_side = [&](const std::string& path) {
    for (std::size_t at = shared, end = path.find('/', at); end != std::string::npos;
         at = end + 1, end = path.find('/', at))
      if (side_of_name(std::string_view(path).substr(at, end - at))) return true;
    return false;
  };
  return names_side(first) && names_side(last);
}

}  // namespace

void declare_split(OptionParser& p, SplitFlags& f) {
  p.add("split", f.rule,
        "which images are held out, and the folds: key (each image by its content, also when the catalogue grows), "
        "stratified (a share of each class, as scikit-learn's train_test_split and StratifiedKFold), folders (those in "
        "a folder called test, or val; those in a folder called train train), or auto: folders if there are such, else "
        "key",
        std::string("auto"));
  p.add("split-from", f.split_from,
        "FILE[:COLUMN] that says train, test or val for each row: a table with a column of paths (split), or one value "
        "for each row of the feature file, in their order. Val rows are left out, unless there are no test rows",
        std::string(), Changes::content);
  p.add("test-rows", f.test_rows,
        "list of the images that are held out: their paths, or row numbers from 0; others train", std::string(),
        Changes::content);
  p.add("groups-from", f.groups_from,
        "FILE[:COLUMN] with the name of each row's group, as in --split-from: rows of one group stay on one side, and "
        "in one fold; a row without a name is on its own",
        std::string(), Changes::content);
  p.add("folds-from", f.folds_from,
        "FILE[:COLUMN] with the fold of each row, as in --split-from, from 0 on; -1: a row that trains in each",
        std::string(), Changes::content);
  for (const char* flag : {"split-from", "test-rows", "groups-from", "folds-from"})
    p.reads(flag, ReadPath::Form::dataset);
}

void check(const SplitFlags& f) {
  constexpr std::array<std::string_view, 4> rules = {"auto", "key", "stratified", "folders"};
  if (std::ranges::find(rules, f.rule) == rules.end())
    throw usage_error("--split must be auto, key, stratified or folders");
  if (!f.split_from.empty() && !f.test_rows.empty())
    throw usage_error("--split-from and --test-rows say the same twice");
  if (f.rule == "folders" && !(f.split_from.empty() && f.test_rows.empty()))
    throw usage_error("--split folders and a file say the same twice");
  if (const RowTable* const table = sides(f)) check_sides(*table);
  (void)held_out(f);
  if (const RowTable* const table = groups(f); table != nullptr && table->by_path() && table->values().empty())
    throw Error({.stage = "groups", .path = table->name(), .cause = "it has paths and nothing beside them"});
  if (const RowTable* const table = folds(f)) (void)folds_in(*table);
}

int folds_of(const SplitFlags& flags, int wanted) {
  const RowTable* const table = folds(flags);
  return table == nullptr ? wanted : std::ranges::max(folds_in(*table)) + 1;
}

std::vector<std::string> take_split(const FeatureReader& reader, const SplitFlags& f, Split& split) {
  std::vector<std::string> notes;
  split.folds_by_class = f.rule == "stratified";
  if (split.folds_by_class) split.rule = SplitRule::stratified;
  const bool is_given = !f.split_from.empty() || !f.test_rows.empty();
  if (const RowTable* const table = sides(f)) notes.push_back(take_sides(reader, *table, split));
  if (const RowTable* const table = held_out(f)) notes.push_back(take_held_out(reader, *table, split));
  if (is_given) split.rule = SplitRule::given;
  if (f.rule == "folders" || (f.rule == "auto" && !is_given && seems_split_by_folder(reader))) {
    const std::vector<RowSide> by_folder = sides_by_folder(reader);
    if (f.rule == "folders" || !by_folder.empty()) split.rule = SplitRule::folders;
    if (!by_folder.empty()) notes.push_back("by folders: " + counts_of(by_folder));
  }
  if (const RowTable* const table = groups(f)) notes.push_back(take_groups(reader, *table, split));
  if (const RowTable* const table = folds(f)) notes.push_back(take_folds(reader, *table, split));
  std::erase(notes, "");
  return notes;
}

void declare_scoring(OptionParser& p, ScoringFlags& f) {
  p.add("scoring", f.scoring, "what makes a point better: accuracy, balanced-accuracy, macro-f1 or log-loss",
        std::string("accuracy"));
  p.add("choose", f.choose,
        "best: the best mean; simplest: linear before rbf, then the smallest C, within one standard error of it",
        std::string("best"));
}

}  // namespace pool3::jobs
