// The report job: one HTML file on a catalogue, its features and its model.

#include "commands/report/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "commands/report/compared_baselines.hpp"
#include "commands/report/judged_rows.hpp"
#include "commands/report/page_inputs.hpp"
#include "commands/report/thumbnails.hpp"
#include "pool3/exchange/import.hpp"
#include "pool3/extraction.hpp"
#include "pool3/files.hpp"
#include "pool3/report/catalogue_page.hpp"
#include "version.hpp"

namespace pool3::jobs {
namespace {

namespace fs = std::filesystem;

constexpr const char* stage = "report";
constexpr std::int64_t near_rows_each = 5;
constexpr std::size_t most_explained = 600;  // errors with their nearest training rows
constexpr std::size_t most_sampled = 512;    // judged rows and training rows, for what is usual
constexpr std::size_t most_large_thumbnails = 1500;

/// Runs `action` with `path` as the place of errors that have none.
template <typename Action>
auto of_file(const std::string& path, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    ErrorFields fields = error.fields();
    if (!fields.path.empty()) throw;
    fields.stage = stage;
    fields.path = path;
    throw Error(fields);
  }
}

/// What the page is called: the catalogue's file or folder.
std::string title_of(const FeatureReader& reader, const ReportFlags& flags) {
  if (!flags.title.empty()) return flags.title;
  const std::string& corpus = reader.provenance().corpus;
  fs::path named = corpus.empty() || corpus == "none" ? fs::path(flags.features) : fs::path(corpus);
  if (!named.has_filename()) named = named.parent_path();
  return named.extension() == ".csv" || named.extension() == ".h5" || named.extension() == ".tsv"
             ? named.stem().string()
             : named.filename().string();
}

class ReportJob {
 public:
  ReportJob(const Context& context, const ReportFlags& flags)
      : context_(context), comm_(context.comm), flags_(flags), threads_(thread_count(comm_, flags.threads)) {}

  void run() {
    open();
    add_files();
    judge_all();
    compare();
    count_rows();
    choose();
    explain();
    name_rows();
    if (!flags_.no_pictures) add_pictures();
    follow_picture();
    comm_.root_does([&] {
      const std::string html = of_file(flags_.search, [&] { return html_of(page_); });
      write_whole_file({stage, flags_.out}, html);
      const auto pictures = std::ranges::count_if(page_.shown, [](const ShownRow& r) { return r.thumbnail.width > 0; });
      context_.log.line(stage, fmt::format("{}: {:.1f} MB, {} pictures", flags_.out,
                                           static_cast<double>(html.size()) / 1e6, pictures));
    });
  }

 private:
  void open() {
    comm_.all_do([&] {
      if (comm_.is_root()) check_output({stage, flags_.out});
      reader_ = std::make_unique<FeatureReader>(flags_.features);
      reader_->check_tables(comm_.rank(), comm_.size(), FeatureReader::WithPaths::yes);
      if (!flags_.model.empty()) model_ = read_model(flags_.model);
    });
    page_.title = title_of(*reader_, flags_);
    page_.config = context_.config;
    page_.imported = reader_->provenance().weights_sha256 == imported;
    page_.command = command_of(flags_);
    page_.facts = facts_of(*reader_);
    if (model_)
      for (auto& fact : facts_of(*model_)) page_.facts.push_back(std::move(fact));
    page_.facts.emplace_back("page made by", std::string("pool3 ") + version);
  }

  /// The model's word comes first; without one, that of an evaluation.
  void judge_all() {
    page_.classes = reader_->classes();
    if (model_) {
      JudgedCatalogue judged = judge(comm_, *reader_, *model_, flags_.model, flags_.rows);
      page_.classes = model_->classes;
      page_.rows_are = judged.choice.name;
      page_.measures = std::move(judged.measures);
      page_.judged = std::move(judged.rows);
      explains_ = !judged.choice.other_file && judged.choice.side == Side::test;
      if (judged.unknown_rows > 0)
        page_.notes.push_back(
            fmt::format("{} rows of classes that the model does not know were not judged.", judged.unknown_rows));
      if (judged.evaluation.macro.support > 0)
        page_.evaluation = std::move(judged.evaluation);
      else
        page_.notes.emplace_back("No rows are held out, so nothing was judged.");
    }
    if (flags_.evaluation.empty()) return;
    comm_.all_do([&] {
      SavedEvaluation saved =
          of_file(flags_.evaluation, [&] { return evaluation_of_json(read_json(flags_.evaluation)); });
      if (page_.evaluation) {
        if (saved.evaluation.confusion != page_.evaluation->confusion)
          page_.notes.push_back(fmt::format(
              "{} is of other rows or another model (accuracy {:.4f}); this page shows the model's own judgement.",
              flags_.evaluation, saved.evaluation.accuracy));
        return;
      }
      page_.classes = saved.evaluation.classes;
      page_.rows_are = saved.rows;
      page_.measures = std::move(saved.measures);
      page_.evaluation = std::move(saved.evaluation);
    });
  }

  void compare() {
    comm_.root_does([&] {
      if (!flags_.baselines.empty())
        page_.baselines = baselines_of_table(flags_.baselines, page_, reader_->provenance().catalogue_hash);
      else if (!flags_.evaluation.empty() && !model_)
        page_.baselines = baselines_of_evaluation(read_json(flags_.evaluation), flags_.evaluation, page_);
    });
  }

  /// Classes of the file as the page numbers them: by name.
  [[nodiscard]] std::vector<std::int32_t> numbers_of_classes() const {
    std::vector<std::int32_t> numbers;
    for (const std::string& name : reader_->classes()) {
      const auto found = std::ranges::find(page_.classes, name);
      numbers.push_back(found == page_.classes.end() ? -1 : static_cast<std::int32_t>(found - page_.classes.begin()));
    }
    return numbers;
  }

  void count_rows() {
    comm_.root_does([&] {
      page_.rows = reader_->rows();
      page_.labels = reader_->labels();
      page_.class_rows.assign(page_.classes.size(), 0);
      const std::vector<std::int32_t> numbers = numbers_of_classes();
      for (std::int32_t& label : page_.labels) {
        label = label < 0 ? -1 : numbers[static_cast<std::size_t>(label)];
        if (label < 0) continue;
        ++page_.labelled;
        ++page_.class_rows[static_cast<std::size_t>(label)];
      }
      std::array<std::int64_t, row_status_names.size()> kinds{};
      const std::vector<RowStatus> status = reader_->status();
      for (std::size_t row = 0; row < status.size(); ++row) {
        ++kinds.at(static_cast<std::size_t>(status[row]));
        if (status[row] == RowStatus::done) usable_.push_back(static_cast<Row>(row));
      }
      for (std::size_t kind = 2; kind < kinds.size(); ++kind)
        if (kinds.at(kind) > 0) page_.failures.emplace_back(row_status_names.at(kind), kinds.at(kind));
    });
  }

  /// The root chooses the rows of the page; every rank gets to know them.
  void choose() {
    std::vector<Row> rows;
    comm_.root_does([&] {
      // Only a map shows every row.
      rows = rows_to_show(page_.labels, usable_, page_.judged, {.all_up_to = page_.map ? 10'000 : 1'500});
      if (page_.audit.empty()) return;
      for (const Row row : of_file(flags_.audit, [&] { return rows_of_audit(page_.audit); }))
        if (row >= 0 && row < page_.rows) rows.push_back(row);
    });
    show(rows);
  }

  void show(const std::vector<Row>& of_root) {
    for (const Row row : broadcast(of_root)) {
      const auto at = std::ranges::lower_bound(page_.shown, row, {}, &ShownRow::row);
      if (at == page_.shown.end() || at->row != row) page_.shown.insert(at, {.row = row, .path = {}, .thumbnail = {}});
    }
  }

  [[nodiscard]] std::vector<Row> broadcast(const std::vector<Row>& of_root) const {
    std::string bytes(reinterpret_cast<const char*>(of_root.data()), of_root.size() * sizeof(Row));
    comm_.broadcast(bytes);
    std::vector<Row> rows(bytes.size() / sizeof(Row));
    std::ranges::copy(bytes, reinterpret_cast<char*>(rows.data()));
    return rows;
  }

  /// Evenly spaced ones, at most so many.
  template <typename T>
  [[nodiscard]] static std::vector<T> some_of(const std::vector<T>& all, std::size_t most) {
    std::vector<T> some;
    for (std::size_t i = 0; i < std::min(all.size(), most); ++i)
      some.push_back(all[i * all.size() / std::min(all.size(), most)]);
    return some;
  }

  /// The nearest training rows of the surest errors, which then have a place on the page, too; and how many judged rows
  /// are unlike all training rows.
  void explain() {
    if (!explains_) return;
    std::vector<Row> asked, training;
    std::vector<JudgedRow> wrong, judged;
    comm_.root_does([&] {
      for (const JudgedRow& row : page_.judged)
        if (row.truth != row.predicted) wrong.push_back(row);
      std::ranges::stable_sort(wrong, [](const auto& a, const auto& b) { return a.confidence > b.confidence; });
      wrong.resize(std::min(wrong.size(), most_explained));
      std::ranges::sort(wrong, {}, &JudgedRow::row);
      judged = some_of(page_.judged, most_sampled);
      for (const Row row : usable_)
        if (page_.labels[static_cast<std::size_t>(row)] >= 0 &&
            !std::ranges::binary_search(page_.judged, row, {}, &JudgedRow::row))
          training.push_back(row);
      training = some_of(training, most_sampled);
      asked = training;
      for (const JudgedRow& row : wrong) asked.push_back(row.row);
      for (const JudgedRow& row : judged) asked.push_back(row.row);
      std::ranges::sort(asked);
      const auto repeats = std::ranges::unique(asked);
      asked.erase(repeats.begin(), repeats.end());
    });
    asked = broadcast(asked);
    if (asked.empty()) return;
    std::vector<NearRows> all =
        near_training_rows(comm_, *reader_, *model_, flags_.model, asked, near_rows_each, threads_);
    std::vector<Row> rows;
    comm_.root_does([&] {
      page_.unlike = count_unlike(judged, training, all);
      for (NearRows& near : all)
        if (std::ranges::binary_search(wrong, near.row, {}, &JudgedRow::row)) page_.near.push_back(std::move(near));
      for (const NearRows& near : page_.near)
        for (const NearRow& n : near.near) rows.push_back(n.row);
    });
    show(rows);
  }

  void name_rows() {
    comm_.all_do([&] {
      for (ShownRow& row : page_.shown) {
        row.path = reader_->paths({row.row, row.row + 1})[0];
        if (comm_.is_root()) row.label = page_.labels[static_cast<std::size_t>(row.row)];
      }
    });
  }

  /// Features of other programs may have come without paths of pictures.
  [[nodiscard]] bool came_without_pictures() const {
    return page_.imported && std::ranges::all_of(page_.shown, is_row_name, &ShownRow::path);
  }

  void add_pictures() {
    if (came_without_pictures()) {
      page_.notes.emplace_back(
          "The features came without the paths of their pictures, so this page has none; pool3 import --paths gives "
          "them.");
      return;
    }
    page_.thumbnail_side = page_.shown.size() <= most_large_thumbnails ? 96 : 48;
    const PictureCount count = add_thumbnails(
        comm_, *reader_, {.folders = flags_.corpus, .side = page_.thumbnail_side, .threads = threads_}, page_.shown);
    std::int64_t failed = 0;
    std::string causes;
    for (const auto& [cause, rows] : count.failed) {
      failed += rows;
      if (causes.size() < 300) causes += fmt::format("{}{}", causes.empty() ? "" : "; ", cause);
    }
    if (count.shown == 0 && failed > 0) {
      page_.notes.push_back(
          fmt::format("This page has no pictures: none could be read in {} ({}). Say where the catalogue is now with "
                      "--corpus.",
                      flags_.corpus.empty() ? reader_->root() : flags_.corpus[0], causes));
    } else if (failed > 0) {
      page_.notes.push_back(
          fmt::format("{} of {} pictures could not be read ({}).", failed, page_.shown.size(), causes));
    }
    if (count.changed > 0)
      page_.notes.push_back(
          fmt::format("{} pictures have changed since their features were made, and are not shown.", count.changed));
  }

  /// The row of --picture, or the surest of those that are right.
  [[nodiscard]] Row followed_row() const {
    if (!flags_.picture.empty()) {
      for (const ShownRow& row : page_.shown)
        if (row.path == flags_.picture || fmt::to_string(row.row) == flags_.picture) return row.row;
      const auto row = std::ranges::find(usable_, flags_.picture, [](Row r) { return fmt::to_string(r); });
      if (row == usable_.end())
        throw usage_error(fmt::format("--picture {}: the page has no such row", flags_.picture));
      return *row;
    }
    const JudgedRow* best = nullptr;
    for (const JudgedRow& row : page_.judged)
      if (row.truth == row.predicted && (best == nullptr || row.confidence > best->confidence)) best = &row;
    if (best != nullptr) return best->row;
    return usable_.empty() ? -1 : usable_[0];
  }

  void follow_picture() {
    comm_.root_does([&] {
      const Row row = followed_row();
      if (row < 0) return;
      try {
        page_.picture = stages_of(*reader_, row, flags_.weights, flags_.corpus);
      } catch (const std::runtime_error& error) {  // also Error, ReadError, ImageError
        if (!flags_.picture.empty()) throw Error({.stage = stage, .path = flags_.picture, .cause = error.what()});
        context_.log.line(stage, fmt::format("warning: no stages of the network: {}", one_line(error.what())));
        page_.picture = stages_of(*reader_, row, "", {});
      }
    });
  }

  void add_files() {
    comm_.root_does([&] {
      if (!flags_.map.empty()) page_.map = map_of(flags_.map, *reader_);
      if (!flags_.search.empty()) page_.search = read_json(flags_.search);
      if (!flags_.audit.empty()) page_.audit = read_json(flags_.audit + "/audit.json");
      page_.metrics = !flags_.numbers.empty() || flags_.measured.empty() ? flags_.numbers : metrics_of(flags_.measured);
    });
  }

  const Context& context_;
  const Communicator& comm_;
  const ReportFlags& flags_;
  int threads_;
  std::unique_ptr<FeatureReader> reader_;
  std::optional<Model> model_;
  CataloguePage page_;
  std::vector<Row> usable_;  // root only
  bool explains_ = false;
};

}  // namespace

void report(const Context& context, const ReportFlags& flags) { ReportJob(context, flags).run(); }

}  // namespace pool3::jobs
