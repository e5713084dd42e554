#include "corpus/sources/sources.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <optional>
#include <utility>

#include "corpus/error_stage.hpp"
#include "corpus/file_names.hpp"
#include "corpus/labels.hpp"
#include "corpus/shards/index_file.hpp"
#include "corpus/sources/braces.hpp"
#include "corpus/sources/folder.hpp"
#include "corpus/sources/label_folders.hpp"
#include "corpus/sources/work_rounds.hpp"
#include "corpus/tables/records.hpp"
#include "corpus/tables/table.hpp"
#include "corpus/unread_pictures.hpp"
#include "pool3/error.hpp"
#include "pool3/files.hpp"

namespace pool3::corpus {
namespace {

namespace fs = std::filesystem;

/// One name of --corpus, or one of those that its braces stand for.
struct Source {
  enum class Kind { folder, table, shard } kind = Kind::folder;
  std::string path;             ///< as given
  std::string root;             ///< absolute folder: itself, the one that it is in, or that paths of a table start from
  std::string given_root = {};  ///< the same as given, where links lead to it; of tables
};

std::string absolute_folder(const fs::path& folder) {
  std::error_code error;
  const fs::path path = fs::canonical(folder, error);
  if (error) throw file_error({stage, folder.string()}, error.value());
  return path.string();
}

Source source_of(const std::string& path, const std::string& path_root = {}) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw file_error({stage, path}, errno);
  if (S_ISDIR(status.st_mode)) return {Source::Kind::folder, path, absolute_folder(path)};
  if (!S_ISREG(status.st_mode)) {
    throw Error({.stage = stage, .path = path, .cause = "neither a folder nor a regular file"});
  }
  const auto kind = is_shard_name(path) ? Source::Kind::shard : Source::Kind::table;
  const bool elsewhere = kind == Source::Kind::table && !path_root.empty();
  const fs::path folder = elsewhere ? fs::absolute(path_root) : fs::absolute(path).parent_path();
  return {kind, path, absolute_folder(folder), folder.lexically_normal().string()};
}

std::vector<Source> sources_of(const CorpusOptions& options) {
  std::vector<Source> sources;
  for (const std::string& path : source_names(options.corpus)) sources.push_back(source_of(path, options.path_root));
  if (sources.empty()) throw usage_error("--corpus is empty");
  return sources;
}

/// `full` without the folder `root` in front, if it is below.
std::optional<std::string> below(std::string root, const std::string& full) {
  if (!root.ends_with('/')) root += '/';
  return full.starts_with(root) ? std::optional(full.substr(root.size())) : std::nullopt;
}

/// An entry of a table as labels look at it: the same whether it is written as an absolute or a relative path. Relative
/// to the table's folder if it is below, else absolute.
std::string place_of(const Source& table, std::string_view path) {
  std::string full = fs::path(full_path(table.root, path)).lexically_normal().string();
  for (const std::string& root : {table.root, table.given_root})
    if (auto found = below(root, full)) return *found;
  return full;
}

/// What is wrong with a label that is not UTF-8, or "". (Paths may be any bytes, as names of files are.)
std::string fault_of_label(std::string_view label) {
  const std::size_t good = valid_utf8(label);
  if (good == label.size()) return {};
  constexpr std::size_t most = 60;  // bytes of a label that are shown
  const std::string_view shown = label.substr(good < most ? 0 : good, most);
  return fmt::format("the label {} is not UTF-8 from its byte {} ({}) on", one_line(shown), good + 1,
                     one_line(label.substr(good, 1)));
}

void check_label(const std::string& table, const TableRow& row) {
  if (std::string fault = fault_of_label(row.label); !fault.empty())
    fail_at(
        table, row.line, std::move(fault),
        "the table is no UTF-8, and not plainly Windows-1252 (Latin-1): save it as UTF-8, or, if you know what it is: "
        "iconv -f ENCODING -t utf-8 FILE > NEW-FILE, and give the new one");
}

void check_label(const std::string& shard, std::string_view member, std::string_view label) {
  if (std::string fault = fault_of_label(label); !fault.empty())
    throw Error({.stage = stage,
                 .path = fmt::format("{}/{}", shard, member),
                 .cause = std::move(fault),
                 .advice = "write the tar file anew, with labels in UTF-8, or give other --labels"});
}

/// Lists on the root, with the other ranks' help.
class Lister {
 public:
  Lister(const Communicator& comm, const CorpusOptions& options)
      : comm_(comm), options_(options), rule_(options.labels), label_(rule_) {}

  ListedSources run() {
    std::vector<Source> sources;
    comm_.root_does([&] {
      sources = sources_of(options_);
      result_.root = sources[0].root;
      for (const Source& source : sources) {
        if (source.kind == Source::Kind::table) add_table(source);
      }
    });
    const bool is_one = sources.size() == 1 && sources[0].kind != Source::Kind::shard;  // on the root
    add_folders(sources);
    comm_.root_does([&] {
      if (!is_one || rule_.kind != LabelRule::Kind::automatic || by_column_) return;
      if (std::string note = look_below(result_.draft, label_); !note.empty()) result_.notes.push_back(std::move(note));
    });
    add_shards(sources);
    comm_.root_does([&] { add_notes(); });
    return std::move(result_);
  }

 private:
  void require_label_column(bool has_labels, const std::string& path, const std::string& unclear = {}) const {
    if (rule_.kind != LabelRule::Kind::column || has_labels) return;
    throw usage_error(
        fmt::format("--labels column: {} has no label column{}{}", path, unclear.empty() ? "" : ": ", unclear),
        "name it with --label-column, or leave --labels away: then tables that have one are labelled by it, "
        "and all else by its folder");
  }

  /// `path`, relative to the folder `from`, as the catalogue has it: relative to the root if it is below.
  [[nodiscard]] std::string stored(const std::string& from, std::string_view path) const {
    if (from == result_.root || path.starts_with('/')) return std::string(path);
    const std::string full = full_path(from, path);
    return below(result_.root, full).value_or(full);
  }

  void add_table(const Source& source) {
    TextInput input(source.path, source.root);
    const SeveralLabels& several = options_.several_labels;
    const ColumnNames names{options_.path_column, options_.label_column, several.column,
                            several.kind != SeveralLabels::Kind::refuse};
    const Labeller by_column({.kind = LabelRule::Kind::column, .pattern = {}});
    const bool by_folder = rule_.kind == LabelRule::Kind::directory || rule_.kind == LabelRule::Kind::automatic;
    std::int64_t with_blanks = 0;
    const TableShape shape = read_table(input, names, [&](const TableRow& row) {
      const bool column = rule_.kind == LabelRule::Kind::automatic && row.has_label;
      if (column || rule_.kind == LabelRule::Kind::column) check_label(source.path, row);
      const std::string place = by_folder ? place_of(source, row.path) : std::string(row.path);
      const std::string label = (column ? by_column : label_)(place, row.label);
      if (row.label.size() != trimmed_view(row.label).size()) ++with_blanks;
      result_.draft.add({.path = stored(source.root, row.path),
                         .bytes = ManifestDraft::unknown,
                         .label = label,
                         .line = row.line,
                         .weight = row.weight});
    });
    result_.unread_rows += shape.unread_rows;
    if (shape.rows == 0) return;
    require_label_column(shape.has_labels, source.path, shape.unclear);
    by_column_ = by_column_ || shape.has_labels;
    for (const std::string& text : {shape.what, input.encoding_words(), shape.placement})
      if (!text.empty()) result_.notes.push_back(fmt::format("{}: {}", source.path, text));
    for (const std::string& text : shape.odd) result_.notes.push_back(fmt::format("{}: {}", source.path, text));
    const bool used = rule_.kind == LabelRule::Kind::automatic || rule_.kind == LabelRule::Kind::column;
    if (with_blanks > 0 && used) {
      result_.notes.push_back(
          fmt::format("{}: {} labels have blanks around them, which do not count", source.path, with_blanks));
    }
  }

  /// Adds the pictures of folders; the tar files of folders without pictures become sources.
  void add_folders(std::vector<Source>& sources) {
    std::vector<Source> folders;  // on the root only
    for (const Source& source : sources) {
      if (source.kind == Source::Kind::folder) folders.push_back(source);
    }
    const std::int64_t count = comm_.sum(static_cast<std::int64_t>(folders.size()));
    for (std::int64_t i = 0; i < count; ++i) {
      const Source source = comm_.is_root() ? folders[static_cast<std::size_t>(i)] : Source{};
      std::vector<std::string> shards;
      std::int64_t pictures = 0;
      const LeftOut left_out = list_folder(comm_, source.root, [&](std::string_view path, FolderItem::Kind kind) {
        if (kind == FolderItem::Kind::shard) return shards.emplace_back(path), void();
        ++pictures;
        result_.draft.add(
            {.path = stored(source.root, path), .bytes = ManifestDraft::unknown, .label = label_(path, ""), .line = 0});
      });
      comm_.root_does([&] {
        result_.left_out.add(left_out);
        if (pictures > 0) require_label_column(false, source.path);
        if (pictures > 0 && !shards.empty()) {
          result_.left_out.add(Reason::shard, "", static_cast<std::int64_t>(shards.size()));
          return;
        }
        for (const std::string& shard : shards) sources.push_back(source_of(full_path(source.root, shard)));
      });
    }
  }

  /// Each rank indexes one shard a round.
  void add_shards(const std::vector<Source>& sources) {
    std::vector<const Source*> shards;
    for (const Source& source : sources) {
      if (source.kind == Source::Kind::shard) shards.push_back(&source);
    }
    std::size_t asked = 0;
    std::size_t added = 0;
    const auto next = [&] {
      std::vector<std::string> paths;
      for (; asked < shards.size() && paths.size() < static_cast<std::size_t>(comm_.size()); ++asked) {
        paths.push_back(shards[asked]->path);
      }
      return paths;
    };
    const auto work = [](const std::string& path) { return path.empty() ? "" : format_index(load_index(path)); };
    const auto take = [&](std::vector<std::string>&& answers) {
      for (std::size_t i = 0; added < asked; ++i, ++added) {
        add_shard(*shards[added], *parse_index(answers[i]));
        answers[i] = {};
      }
    };
    run_rounds(comm_, {.next = next, .work = work, .take = take});
    std::ranges::sort(result_.shards, {}, &ShardCount::path);
  }

  /// The label in a file beside a picture that is in no folder, unless it may be a caption. Counts those.
  [[nodiscard]] std::string own_label(const TarIndex& index, std::int64_t i) {
    const std::string_view label = index.labels[i];
    const bool is_caption = index.perhaps_captions[static_cast<std::size_t>(i)];
    if (!label.empty()) ++(is_caption ? captions_ : labels_beside_);
    return is_caption ? std::string() : std::string(label);
  }

  void add_shard(const Source& source, const TarIndex& index) {
    const std::string name = stored(source.root, fs::path(source.path).filename().string());
    ShardCount count{.path = name, .images = index.size()};
    for (std::int64_t i = 0; i < index.size(); ++i) {
      const std::int64_t bytes = index.bytes[static_cast<std::size_t>(i)];
      const std::string path = fmt::format("{}/{}", name, index.names[i]);
      count.bytes += std::max<std::int64_t>(bytes, 0);
      // The top folder is one in the shard; a pattern may look at the shard's name.
      const std::string_view place = rule_.kind == LabelRule::Kind::regex ? path : index.names[i];
      std::string label = label_(place, index.labels[i]);
      const bool looks_beside = rule_.kind == LabelRule::Kind::automatic && label.empty();
      if (looks_beside) label = own_label(index, i);
      if (looks_beside || rule_.kind == LabelRule::Kind::column) check_label(source.path, index.names[i], label);
      result_.draft.add({.path = path, .bytes = bytes, .label = std::move(label), .line = 0});
    }
    result_.left_out.add(index.left_out);
    unclear_labels_ += index.unclear_labels;
    if (!index.damage.empty()) {
      ++result_.damaged_shards;
      result_.notes.push_back(
          fmt::format("{} is damaged after {} pictures; what comes behind is not in the catalogue ({})", name,
                      index.size(), index.damage));
    }
    result_.shards.push_back(std::move(count));
  }

  void add_notes() {
    if (labels_beside_ > 0)
      result_.notes.push_back(
          fmt::format("{} pictures of tar files are in no folder: their labels are those of the .cls "
                      "or .json files beside them",
                      labels_beside_));
    if (captions_ > 0)
      result_.notes.push_back(
          fmt::format("{} pictures of tar files have a .txt file, which may be a caption; --labels "
                      "column takes it for the label",
                      captions_));
    if (unclear_labels_ > 0 && rule_.kind == LabelRule::Kind::column) {
      result_.notes.push_back(fmt::format(
          "{} pictures of tar files have a label file without a label (empty, a list, an object, or damaged)",
          unclear_labels_));
    }
    std::ranges::move(result_.left_out.unread_pictures(), std::back_inserter(result_.notes));
    if (std::string text = result_.left_out.text(); !text.empty()) result_.notes.push_back(std::move(text));
  }

  const Communicator& comm_;
  const CorpusOptions& options_;
  const LabelRule& rule_;
  Labeller label_;
  std::int64_t unclear_labels_ = 0;
  std::int64_t labels_beside_ = 0, captions_ = 0;  ///< of tar files, with `automatic`
  bool by_column_ = false;                         ///< a table had labels
  ListedSources result_;
};

}  // namespace

ListedSources list_sources(const Communicator& comm, const CorpusOptions& options) {
  return Lister(comm, options).run();
}

}  // namespace pool3::corpus

namespace pool3 {

std::vector<std::string> source_names(const std::vector<std::string>& corpus) {
  std::vector<std::string> names;
  for (const std::string& text : corpus)
    for (const std::string& name : corpus::expand_braces(text))
      for (const std::string& path : corpus::expand_wildcards(name))
        if (path == name || !corpus::is_index_name(path)) names.push_back(path);
  return names;
}

bool names_address(std::string_view path) { return corpus::is_address(path); }

bool names_picture(std::string_view path) { return corpus::is_picture_name(path); }

bool names_unread_picture(std::string_view path) { return corpus::is_unread_picture_name(path); }

bool names_table(std::string_view path) {
  const std::string ending = corpus::ending_of(path);
  return corpus::is_table_name(path) || ending == ".txt" || ending == ".json";
}

}  // namespace pool3
